import type { IncomingMessage, ServerResponse } from 'node:http';
import { CountersignError } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import { decodeUtf8, isJsonObject, type JsonValue, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { DownstreamEvent } from '../downstream/catalog.ts';
import { readBody } from '../http/body.ts';
import { sendJson, sendWebResponse, toWebRequest } from '../http/respond.ts';
import type { Session } from '../sessions/session.ts';
import { answerDirect, type DirectRequest, MODERN_REVISION, recognise } from './direct.ts';
import type { DispatchDeps } from './dispatch.ts';
import { rpcErrorFrom } from './errors.ts';
import type { LegacyLane } from './legacy.ts';
import type { ModernLane } from './modern.ts';
import type { ServerIdentity } from './sdk-server.ts';

export interface McpDeps extends DispatchDeps {
  readonly authenticate: (token: string) => Promise<Session | undefined>;
  readonly newId: NewId;
  readonly identity: ServerIdentity;
}

/** The agents' endpoint: `/mcp` with a bearer token, or `/mcp/<token>` for clients that take only a URL. */
export interface McpEndpoint {
  matches(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Closes all that a session holds open; called when it is revoked or has expired. */
  endSession(sessionId: string): void;
  onDownstreamEvent(event: DownstreamEvent): void;
  close(): Promise<void>;
}

const NOT_FOUND =
  '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Not found: unknown, expired or revoked session"},"id":null}';
const NO_TOKEN =
  '{"jsonrpc":"2.0","error":{"code":-32000,"message":"A session token is required: send it as Authorization: Bearer …"},"id":null}';

function rpcBody(error: { code: number; message: string }): string {
  return JSON.stringify({ jsonrpc: '2.0', error: { code: error.code, message: error.message }, id: null });
}

function tokenOf(request: IncomingMessage): string | undefined {
  const path = (request.url ?? '').split('?')[0] ?? '';
  if (path.startsWith('/mcp/')) return path.slice('/mcp/'.length);
  const header = request.headers.authorization;
  return header !== undefined && /^bearer /i.test(header) ? header.slice(7).trim() : undefined;
}

/** A duplicated protocol header is ambiguous; Node joins or drops duplicates silently, so the raw list is checked. */
function hasDoubledHeader(request: IncomingMessage): boolean {
  const seen = new Set<string>();
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index]!.toLowerCase();
    if (!name.startsWith('mcp-')) continue;
    if (seen.has(name)) return true;
    seen.add(name);
  }
  return false;
}

export function createMcpEndpoint(deps: McpDeps): McpEndpoint {
  const open = new Map<string, Set<ServerResponse>>();
  const calls = new Map<string, number>();
  let lanes: Promise<{ legacy: LegacyLane; modern: ModernLane }> | undefined;

  // The SDK's servers cost start-up time that a gateway with only hot traffic never needs to spend.
  function loadLanes(): Promise<{ legacy: LegacyLane; modern: ModernLane }> {
    lanes ??= Promise.all([import('./legacy.ts'), import('./modern.ts')]).then(([legacy, modern]) => ({
      legacy: legacy.createLegacyLane(deps),
      modern: modern.createModernLane(deps),
    }));
    return lanes;
  }

  function track(session: Session, response: ServerResponse): void {
    const set = open.get(session.id) ?? new Set();
    open.set(session.id, set);
    set.add(response);
    response.on('close', () => {
      set.delete(response);
      if (set.size === 0) open.delete(session.id);
    });
  }

  async function direct(
    session: Session,
    request: DirectRequest,
    message: IncomingMessage,
    response: ServerResponse,
  ): Promise<boolean> {
    const controller = new AbortController();
    let settle = (): void => undefined;
    if (request.era === 'legacy') {
      const { legacy } = await loadLanes();
      const mcpSession = legacy.find(session, String(message.headers['mcp-session-id']));
      if (mcpSession === undefined) return false;
      const key = JSON.stringify(request.id);
      mcpSession.inFlight.set(key, controller);
      settle = () => void mcpSession.inFlight.delete(key);
    } else {
      // 2026-07-28: closing the response stream is how a client cancels.
      response.on('close', () => {
        if (!response.writableFinished) controller.abort();
      });
    }
    try {
      const answer = await answerDirect(deps, session, request, controller.signal);
      sendJson(response, answer.status, answer.body);
    } finally {
      settle();
    }
    return true;
  }

  async function post(session: Session, message: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!/^application\/json\s*(?:;|$)/i.test(message.headers['content-type'] ?? '')) {
      sendJson(
        response,
        415,
        rpcBody({ code: -32000, message: 'Unsupported Media Type: Content-Type must be application/json' }),
      );
      return;
    }
    const body: JsonValue = parseStrict(decodeUtf8(await readBody(message, LIMITS.messageBytes)));
    if (hasDoubledHeader(message)) {
      sendJson(
        response,
        400,
        rpcBody({ code: -32020, message: 'A protocol header was sent twice. Send each Mcp-* header once.' }),
      );
      return;
    }
    if (Array.isArray(body)) {
      sendJson(
        response,
        400,
        rpcBody({
          code: -32600,
          message: 'JSON-RPC batches are not supported: send one message in each request',
        }),
      );
      return;
    }
    const hot = recognise(body, message.headers);
    if (hot !== undefined && (await direct(session, hot, message, response))) return;
    await viaSdk(session, message, response, body);
  }

  async function viaSdk(
    session: Session,
    message: IncomingMessage,
    response: ServerResponse,
    body: JsonValue | undefined,
  ): Promise<void> {
    const controller = new AbortController();
    response.on('close', () => controller.abort());
    const web = toWebRequest(message, deps.publicOrigin, controller.signal);
    const { legacy, modern } = await loadLanes();
    const isLegacy = body === undefined || (await isLegacyMessage(web, body));
    const answer = await (isLegacy ? legacy : modern).handle(session, web, body);
    track(session, response);
    await sendWebResponse(response, answer);
  }

  return {
    matches(path) {
      return path === '/mcp' || path.startsWith('/mcp/');
    },

    async handle(message, response) {
      try {
        const token = tokenOf(message);
        if (token === undefined) {
          sendJson(response, 401, NO_TOKEN, { 'www-authenticate': 'Bearer' });
          return;
        }
        const session = await deps.authenticate(token);
        if (session === undefined) {
          sendJson(response, 404, NOT_FOUND);
          return;
        }
        const running = calls.get(session.id) ?? 0;
        if (
          running >= LIMITS.concurrentCallsPerSession ||
          (message.method === 'GET' && (open.get(session.id)?.size ?? 0) >= LIMITS.streamsPerSession)
        ) {
          sendJson(
            response,
            429,
            rpcBody({
              code: -32000,
              message: 'This session has too many requests under way. Wait for some to end.',
            }),
            { 'retry-after': '1' },
          );
          return;
        }
        calls.set(session.id, running + 1);
        try {
          if (message.method === 'POST') await post(session, message, response);
          else if (message.method === 'GET' || message.method === 'DELETE')
            await viaSdk(session, message, response, undefined);
          else
            sendJson(response, 405, rpcBody({ code: -32000, message: 'Method not allowed' }), {
              allow: 'GET, POST, DELETE',
            });
        } finally {
          const left = (calls.get(session.id) ?? 1) - 1;
          if (left === 0) calls.delete(session.id);
          else calls.set(session.id, left);
        }
      } catch (failure) {
        const rpc = rpcErrorFrom(failure);
        const status = failure instanceof CountersignError && rpc.httpStatus === 200 ? 400 : rpc.httpStatus;
        if (status >= 500) deps.log.error({ err: failure }, 'a message could not be served');
        if (!message.complete) response.setHeader('connection', 'close');
        sendJson(response, status, rpcBody(rpc));
        if (response.headersSent && !response.writableEnded) response.end();
      }
    },

    endSession(sessionId) {
      lanes
        ?.then(({ legacy, modern }) => {
          legacy.endSession(sessionId);
          modern.endSession(sessionId);
        })
        .catch((err: unknown) => deps.log.error({ err }, 'ending a session failed'));
      for (const response of open.get(sessionId) ?? []) response.destroy();
    },

    onDownstreamEvent(event) {
      lanes
        ?.then(({ legacy, modern }) => {
          if (event.kind === 'resource_updated') modern.notifyResourceUpdated(event.uri);
          if (event.kind !== 'catalog') return;
          legacy.notifyListChanged(event.list);
          modern.notifyListChanged(event.list);
        })
        .catch((err: unknown) => deps.log.error({ err }, 'a change could not be announced'));
    },

    async close() {
      for (const set of open.values()) for (const response of set) response.destroy();
      const loaded = await lanes;
      await Promise.all([loaded?.legacy.close(), loaded?.modern.close()]);
    },
  };
}

/** The SDK's own decision which era a message belongs to, so that this gateway cannot disagree with it. */
async function isLegacyMessage(web: Request, body: JsonValue): Promise<boolean> {
  const { isLegacyRequest } = await import('@modelcontextprotocol/server');
  if (isJsonObject(body) && web.headers.get('mcp-protocol-version') === MODERN_REVISION) return false;
  return isLegacyRequest(web, body);
}
