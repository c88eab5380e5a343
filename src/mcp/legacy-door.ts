import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsBoth, LEGACY_REVISIONS } from './direct.ts';
import { refuse } from './door.ts';

/** One HTTP exchange. */
export interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

export const SERVER_ERROR = -32000;
const NOT_FOUND = -32001;

/** A header that stands there once. */
export function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Answers a request whose connection is not there: 400 where it names none, 404 where the one it names is gone. */
export function noConnection(response: ServerResponse, id: string | undefined): void {
  const message =
    id === undefined
      ? 'Bad Request: Mcp-Session-Id header is required; send initialize first'
      : 'Session not found; send initialize again';
  const [status, code] = id === undefined ? [400, SERVER_ERROR] : [404, NOT_FOUND];
  refuse(response, { status, code, message });
}

/** Refuses a request that does not accept what it would get, or names a revision that is none of these; true when it has. */
export function refuseHeaders({ message, response }: Exchange): boolean {
  const isPost = message.method === 'POST';
  const streams = header(message, 'accept')?.includes('text/event-stream') === true;
  if (isPost ? !acceptsBoth(message.headers) : message.method === 'GET' && !streams) {
    const wanted = isPost ? 'both application/json and text/event-stream' : 'text/event-stream';
    const text = `Not Acceptable: Client must accept ${wanted}`;
    refuse(response, { status: 406, code: SERVER_ERROR, message: text });
    return true;
  }
  const version = header(message, 'mcp-protocol-version');
  if (version === undefined || LEGACY_REVISIONS.has(version)) return false;
  const known = [...LEGACY_REVISIONS].join(', ');
  const text = `Bad Request: Unsupported protocol version: ${version.slice(0, 50)} (supported versions: ${known})`;
  refuse(response, { status: 400, code: SERVER_ERROR, message: text });
  return true;
}
