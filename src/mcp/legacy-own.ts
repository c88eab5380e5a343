import type { JsonObject } from '../core/json.ts';
import { rpcError } from './errors.ts';
import type { Connection } from './legacy-connection.ts';
import { isLogLevel, LOG_LEVELS } from './relay/log-level.ts';
import type { WantedLevels } from './relay/wanted-levels.ts';
import { type McpReply, textParam } from './request.ts';

const DONE: McpReply = { kind: 'result', raw: '{}' };

/**
 * Serves what is said about a connection itself, in the revisions before 2026-07-28; undefined for every other method,
 * and for one whose capability was not announced.
 * Throws what `Subscriptions.add` throws, and `invalid_request`.
 */
export function serveOwn(
  connection: Connection,
  { method, params }: { method: string; params: JsonObject },
  levels: WantedLevels,
): Promise<McpReply> | McpReply | undefined {
  const { announced, subscriptions } = connection;
  if (method === 'ping') return DONE;
  if (method === 'logging/setLevel' && announced.logging) return setLevel(connection, params, levels);
  if (!announced.subscribe) return undefined;
  if (method === 'resources/subscribe') return subscriptions.add(uriOf(params)).then(() => DONE);
  if (method !== 'resources/unsubscribe') return undefined;
  subscriptions.remove(uriOf(params));
  return DONE;
}

function uriOf(params: JsonObject): string {
  return textParam(params, 'uri', 'the URI of a resource');
}

function setLevel(connection: Connection, { level }: JsonObject, levels: WantedLevels): McpReply {
  if (!isLogLevel(level)) {
    const message = `params.level: expected one of ${LOG_LEVELS.join(', ')}`;
    return { kind: 'error', error: rpcError('invalid_request', message) };
  }
  connection.logLevel = level;
  levels.set(connection.id, level);
  return DONE;
}
