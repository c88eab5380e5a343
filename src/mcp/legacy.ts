import type { ServerResponse } from 'node:http';
import type { NewId } from '../core/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { openEventStream, sendEvent, sendJson } from '../http/respond.ts';
import type { Session } from '../sessions/session.ts';
import { capabilitiesFor, INSTRUCTIONS } from './announce.ts';
import { showsCards } from './card/card.ts';
import { bodyOf, LATEST_LEGACY, LEGACY_REVISIONS } from './direct.ts';
import { type DispatchDeps, dispatch } from './dispatch.ts';
import { refuse } from './door.ts';
import type { ElicitationDeps } from './elicitations.ts';
import { rpcErrorFrom } from './errors.ts';
import { type Connection, closeConnection, openConnection, sendOnStream } from './legacy-connection.ts';
import { type Exchange, header, noConnection, refuseHeaders, SERVER_ERROR } from './legacy-door.ts';
import { serveOwn } from './legacy-own.ts';
import { talkOf } from './legacy-talk.ts';
import type { RelayDesks } from './relay/desks.ts';
import type { McpReply } from './request.ts';
import { legacyTaskCapability } from './tasks/legacy.ts';

/**
 * The revisions before 2026-07-28, on `node:http` and without the SDK: what a client keeps open costs a socket and one
 * small record, where an SDK server and web streams for each would cost more than all the rest of a session.
 */
export interface LegacyLane {
  /** Serves a message that is well-formed JSON-RPC, or (without a body) a GET or a DELETE. */
  handle(session: Session, exchange: Exchange, body: JsonValue | undefined): Promise<void>;
  /**
   * Notes a call under way, so that a cancellation finds it. Returns what ends the note, or undefined when this session
   * has no connection with that id, or one on which an answer may take a stream.
   */
  begin(
    session: Session,
    mcpSessionId: string,
    call: { id: string | number; controller: AbortController },
  ): (() => void) | undefined;
  notifyListChanged(list: 'tools' | 'resources' | 'prompts'): void;
  endSession(sessionId: string): void;
  close(): Promise<void>;
}

const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;
const KEEP_ALIVE_MS = 15_000;

/** Whether a server may ask this client something, so that its answer may become a stream. */
function canBeAsked({ clientCapabilities }: Connection): boolean {
  const { elicitation, sampling, roots } = clientCapabilities;
  return elicitation !== undefined || sampling !== undefined || roots !== undefined;
}

export function createLegacyLane(
  deps: DispatchDeps & ElicitationDeps & RelayDesks & { newId: NewId },
): LegacyLane {
  const { downstreams } = deps.gate;
  const anyMayAsk = downstreams.catalog().servers.some(({ name }) => downstreams.relays(name).length > 0);
  const connections = new Map<string, Connection>();
  /** Every response that is an event stream, for one timer that keeps them all from looking idle. */
  const streams = new Set<ServerResponse>();
  const keepAlive = setInterval(() => {
    for (const stream of streams) if (!stream.writableNeedDrain) stream.write(': keepalive\n\n');
  }, KEEP_ALIVE_MS);
  keepAlive.unref();

  function drop(id: string): void {
    const found = connections.get(id);
    if (found === undefined) return;
    connections.delete(id);
    closeConnection(found);
    deps.levels.leave(id);
  }

  function find(session: Session, id: string | undefined): Connection | undefined {
    const found = id === undefined ? undefined : connections.get(id);
    return found?.sessionId === session.id ? found : undefined;
  }

  /** Makes room: the connection that was opened first goes when a session opens too many. */
  function evictFor(sessionId: string): void {
    const own = [...connections].filter(([, one]) => one.sessionId === sessionId);
    for (const [id] of own.slice(0, Math.max(0, own.length - LIMITS.mcpSessionsPerSession + 1))) drop(id);
  }

  function initialize(session: Session, response: ServerResponse, body: JsonObject): void {
    const { protocolVersion, capabilities, clientInfo } = isJsonObject(body.params) ? body.params : {};
    if (typeof protocolVersion !== 'string' || !isJsonObject(capabilities) || !isJsonObject(clientInfo)) {
      const message =
        'initialize: expected params.protocolVersion (text), params.capabilities and params.clientInfo (objects)';
      refuse(response, { status: 400, code: INVALID_PARAMS, message, id: body.id ?? null });
      return;
    }
    evictFor(session.id);
    const revision = LEGACY_REVISIONS.has(protocolVersion) ? protocolVersion : LATEST_LEGACY;
    const announced = downstreams.capabilities();
    const given = { session, revision, capabilities, announced, desk: deps.desk };
    const connection = openConnection(deps, given);
    connections.set(connection.id, connection);
    deps.levels.set(connection.id, undefined);
    const raw = JSON.stringify({
      protocolVersion: revision,
      capabilities: {
        ...capabilitiesFor(announced),
        ...(revision === LATEST_LEGACY ? legacyTaskCapability(downstreams.catalog()) : {}),
      },
      serverInfo: deps.identity,
      instructions: INSTRUCTIONS,
    });
    const answer = bodyOf(JSON.stringify(body.id), { kind: 'result', raw });
    sendJson(response, 200, answer.body, { 'mcp-session-id': connection.id });
  }

  function track(response: ServerResponse): void {
    if (streams.has(response)) return;
    openEventStream(response);
    streams.add(response);
    response.once('close', () => streams.delete(response));
  }

  function openStream(connection: Connection, response: ServerResponse): void {
    if (connection.stream !== undefined) {
      const message = 'Conflict: Only one SSE stream is allowed per session';
      refuse(response, { status: 409, code: SERVER_ERROR, message });
      return;
    }
    track(response);
    connection.stream = response;
    response.once('close', () => {
      if (connection.stream === response) connection.stream = undefined;
    });
  }

  function note(connection: Connection, id: JsonValue | undefined, controller: AbortController): () => void {
    const { inFlight } = connection;
    inFlight.set(controller, JSON.stringify(id));
    return () => inFlight.delete(controller);
  }

  async function own(
    connection: Connection,
    request: { method: string; params: JsonObject },
  ): Promise<McpReply | undefined> {
    try {
      return await serveOwn(connection, request, deps.levels);
    } catch (error) {
      const rpc = rpcErrorFrom(error);
      if (rpc.httpStatus === 500) deps.log.error({ err: error }, 'a request failed');
      return { kind: 'error', error: rpc };
    }
  }

  /** Answers with one JSON text, or, where the caller is told or asked something first, with a stream that ends in it. */
  async function answer(
    { session, connection }: { session: Session; connection: Connection },
    response: ServerResponse,
    { id, method, params: given }: JsonObject,
  ): Promise<void> {
    const params = isJsonObject(given) ? given : {};
    const progressToken = isJsonObject(params._meta) ? params._meta.progressToken : undefined;
    const talk = talkOf({ ...deps, track }, { connection, response, progressToken });
    const controller = new AbortController();
    const settle = note(connection, id, controller);
    const { signal } = controller;
    if (talk.onProgress !== undefined) track(response);
    try {
      const { clientCapabilities } = connection;
      const request = { session, era: 'legacy', method: String(method), params } as const;
      const reply =
        (await own(connection, request)) ??
        (await dispatch(deps, { ...request, ...talk, clientCapabilities, signal }));
      const { status, body } = bodyOf(JSON.stringify(id), reply);
      // A 404 would say that the connection is gone; what a method is missing is said in the body.
      if (!streams.has(response)) sendJson(response, status < 500 ? 200 : status, body);
      else if (!signal.aborted) sendEvent(response, body);
    } finally {
      settle();
      if (streams.has(response)) response.end();
    }
  }

  function accept(connection: Connection, response: ServerResponse, message: JsonObject): void {
    const { method, params } = message;
    if (method === undefined) {
      connection.elicitations?.answered(message);
      connection.questions.answered(message);
    }
    if (method === 'notifications/cancelled' && isJsonObject(params)) {
      const named = JSON.stringify(params.requestId ?? null);
      for (const [controller, id] of connection.inFlight) if (id === named) controller.abort();
    }
    response.writeHead(202).end();
  }

  return {
    begin(session, mcpSessionId, { id, controller }) {
      const connection = find(session, mcpSessionId);
      if (connection === undefined || connection.elicitations !== undefined) return undefined;
      if (anyMayAsk && canBeAsked(connection)) return undefined;
      // A server that logs may have something to tell before the answer.
      if (downstreams.capabilities().logging) return undefined;
      // What such a client is listed depends on what it declared, which is known here alone.
      if (showsCards(connection.clientCapabilities)) return undefined;
      return note(connection, id, controller);
    },

    async handle(session, exchange, body) {
      const { message, response } = exchange;
      const id = header(message, 'mcp-session-id');
      const sent = isJsonObject(body) ? body : {};
      const opens = sent.method === 'initialize' && sent.id !== undefined;
      const connection = find(session, id);
      if (connection === undefined && !(opens && id === undefined)) noConnection(response, id);
      else if (refuseHeaders(exchange)) return;
      else if (connection === undefined) initialize(session, response, sent);
      else if (message.method === 'GET') openStream(connection, response);
      else if (message.method === 'DELETE') {
        drop(id ?? '');
        response.writeHead(200).end();
      } else if (opens) {
        const text = 'Invalid Request: Server already initialized';
        refuse(response, { status: 400, code: INVALID_REQUEST, message: text });
      } else if (sent.method === undefined || sent.id === undefined) accept(connection, response, sent);
      else await answer({ session, connection }, response, sent);
    },

    notifyListChanged(list) {
      const text = `{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`;
      for (const connection of connections.values()) sendOnStream(connection, text);
    },

    endSession(sessionId) {
      for (const [id, one] of connections) if (one.sessionId === sessionId) drop(id);
    },

    async close() {
      clearInterval(keepAlive);
      for (const id of [...connections.keys()]) drop(id);
    },
  };
}
