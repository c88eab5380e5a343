import type { ServerResponse } from 'node:http';
import type { NewId } from '../core/ids.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import type { OfferedCapabilities } from '../downstream/catalog.ts';
import { sendEvent } from '../http/respond.ts';
import type { Session } from '../sessions/session.ts';
import { LATEST_LEGACY } from './direct.ts';
import { createElicitations, type ElicitationDeps, type Elicitations } from './elicitations.ts';
import type { LogLevel } from './relay/log-level.ts';
import { createQuestions, type Questions } from './relay/questions.ts';
import type { SubscriptionDesk, Subscriptions } from './relay/subscriptions.ts';
import { opensUrls } from './ways.ts';

/** One client's stateful connection in the revisions before 2026-07-28 (its `Mcp-Session-Id`). */
export interface Connection {
  readonly id: string;
  readonly sessionId: string;
  /** As declared, without what its revision does not have. */
  readonly clientCapabilities: JsonObject;
  /** Calls under way with their JSON-RPC ids, so that a cancellation finds them; also two that bear one id. */
  readonly inFlight: Map<AbortController, string>;
  /** The stream that a GET has opened. */
  stream: ServerResponse | undefined;
  /** Present where the client declared that it can open pages. */
  readonly elicitations: Elicitations | undefined;
  readonly questions: Questions;
  readonly subscriptions: Subscriptions;
  /** What the client was told when it connected; what is not there is unknown to it. */
  readonly announced: OfferedCapabilities;
  /** What the client asked for; all while it has asked for nothing. */
  logLevel: LogLevel | undefined;
}

/** URL mode elicitation came with 2025-11-25; what an earlier client says of it is not meant so. */
function declaredIn(revision: string, capabilities: JsonObject): JsonObject {
  const { elicitation } = capabilities;
  if (revision === LATEST_LEGACY || !isJsonObject(elicitation)) return capabilities;
  return { ...capabilities, elicitation: {} };
}

/** A connection that has just been initialized. */
export function openConnection(
  deps: ElicitationDeps & { newId: NewId },
  input: {
    session: Session;
    revision: string;
    capabilities: JsonObject;
    announced: OfferedCapabilities;
    desk: SubscriptionDesk;
  },
): Connection {
  const { session, revision } = input;
  const clientCapabilities = declaredIn(revision, input.capabilities);
  const connection: Connection = {
    id: deps.newId('mcp'),
    sessionId: session.id,
    clientCapabilities,
    inFlight: new Map(),
    stream: undefined,
    elicitations: opensUrls(clientCapabilities) ? createElicitations(deps) : undefined,
    questions: createQuestions(deps),
    subscriptions: input.desk.open(session, {
      method: 'resources/subscribe',
      tell: (_subscribed, uri) => sendOnStream(connection, updatedText(uri)),
    }),
    announced: input.announced,
    logLevel: undefined,
  };
  return connection;
}

function updatedText(uri: string): string {
  return JSON.stringify({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } });
}

/** A client that has not read this much is gone or stuck. */
export const UNREAD_BYTES = 65_536;

/** Sends on the stream that the client opened by GET, if there is one. A stuck one ends: its client lists anew when it comes back. */
export function sendOnStream({ stream }: Connection, json: string): void {
  if (stream === undefined) return;
  if (stream.writableLength > UNREAD_BYTES) stream.destroy();
  else sendEvent(stream, json);
}

/** Ends all that belongs to a connection. */
export function closeConnection(connection: Connection): void {
  for (const controller of connection.inFlight.keys()) controller.abort();
  connection.elicitations?.close();
  connection.questions.close();
  connection.subscriptions.close();
  connection.stream?.end();
}
