import type { IncomingMessage, ServerResponse } from 'node:http';
import { CountersignError } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import { decodeUtf8, isJsonObject, type JsonValue, parseStrict } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { CatalogTool, DownstreamEvent } from '../downstream/catalog.ts';
import { isOwnTool } from '../gate/own-tools.ts';
import { readBody } from '../http/body.ts';
import { sendJson, sendWebResponse, toWebRequest } from '../http/respond.ts';
import type { Session } from '../sessions/session.ts';
import { answerDirect, type DirectRequest, modernToolCall, recognise } from './direct.ts';
import type { DispatchDeps } from './dispatch.ts';
import { hasDoubledHeader, refuse, refuseBusy, refuseNobody, refuseToken, tokenOf } from './door.ts';
import type { ElicitationDeps } from './elicitations.ts';
import { isLegacyMessage } from './era.ts';
import { rpcErrorFrom } from './errors.ts';
import type { LegacyLane } from './legacy.ts';
import type { Exchange } from './legacy-door.ts';
import type { ModernLane } from './modern.ts';
import { missingName } from './name-header.ts';
import { createOpenRequests, type Slot } from './open-requests.ts';
import { createCallHeaderCheck } from './param-headers.ts';
import { createRelayDesks } from './relay/desks.ts';

export interface McpDeps extends Omit<DispatchDeps, 'stopping' | 'parking'> {
  readonly onApprovalChange: ElicitationDeps['onApprovalChange'];
  readonly authenticate: (token: string) => Promise<Session | undefined>;
  readonly newId: NewId;
}

/** The agents' endpoint: `/mcp` with a bearer token, or `/mcp/<token>` for clients that take only a URL. */
export interface McpEndpoint {
  matches(path: string): boolean;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Cuts all that a session holds open; called when it is revoked or has expired. */
  endSession(sessionId: string): void;
  onDownstreamEvent(event: DownstreamEvent): void;
  /** Announces that every list may be different: another policy is in force. */
  onPolicyChanged(): void;
  /** Loads in the background what the first client that connects will need. */
  warm(): void;
  /** Ends streams and waits, lets calls under way finish. */
  close(): Promise<void>;
}

const HEADER_MISMATCH = -32020;
const LISTS = ['tools', 'resources', 'prompts'] as const;

export function createMcpEndpoint(given: McpDeps): McpEndpoint {
  const stopping = new AbortController();
  const deps = { ...given, ...createRelayDesks(given), stopping: stopping.signal };
  const open = createOpenRequests();
  const callHeaderProblem = createCallHeaderCheck();
  let lanes: Promise<{ legacy: LegacyLane; modern: ModernLane }> | undefined;

  // The SDK's servers cost start-up time that a gateway with only hot traffic never needs to spend.
  function loadLanes(): Promise<{ legacy: LegacyLane; modern: ModernLane }> {
    lanes ??= Promise.all([import('./legacy.ts'), import('./modern.ts')]).then(([legacy, modern]) => ({
      legacy: legacy.createLegacyLane(deps),
      modern: modern.createModernLane(deps),
    }));
    return lanes;
  }

  function announce(lists: readonly (typeof LISTS)[number][]): void {
    lanes
      ?.then(({ legacy, modern }) => {
        for (const list of lists) {
          legacy.notifyListChanged(list);
          modern.notifyListChanged(list);
        }
      })
      .catch((err: unknown) => deps.log.error({ err }, 'a change could not be announced'));
  }

  function warnOfShadows(tools: readonly CatalogTool[]): void {
    for (const { server, tool, exposed } of tools.filter((one) => isOwnTool(one.exposed))) {
      const why = `the tool "${exposed}" of the server "${server}" bears a name of the gateway's own and is left out; set "prefix" for this server to expose it`;
      deps.log.warn({ server, tool }, why);
    }
  }

  async function direct(session: Session, request: DirectRequest, exchange: Exchange): Promise<boolean> {
    const { message, response } = exchange;
    const controller = new AbortController();
    let settle = (): void => undefined;
    if (request.era === 'legacy') {
      const { legacy } = await loadLanes();
      const started = legacy.begin(session, String(message.headers['mcp-session-id']), {
        id: request.id,
        controller,
      });
      if (started === undefined) return false;
      settle = started;
    } else {
      // 2026-07-28: closing the response stream is how a client cancels.
      if (response.closed) return true;
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

  async function viaLanes(session: Session, exchange: Exchange, body: JsonValue | undefined): Promise<void> {
    const { message, response } = exchange;
    const isStream =
      message.method === 'GET' || (isJsonObject(body) && body.method === 'subscriptions/listen');
    if (isStream && !open.stream(session.id, response)) {
      const most = `This session has ${LIMITS.streamsPerSession} streams open, which is the most. Close one first.`;
      refuse(response, { status: 429, code: -32000, message: most, headers: { 'retry-after': '1' } });
      return;
    }
    const { legacy, modern } = await loadLanes();
    if (response.closed) return;
    if (body === undefined || (await isLegacyMessage(message, body))) {
      await legacy.handle(session, exchange, body);
      return;
    }
    const controller = new AbortController();
    response.on('close', () => controller.abort());
    const web = toWebRequest(message, deps.publicOrigin, controller.signal);
    await sendWebResponse(response, await modern.handle(session, web, body));
  }

  async function post(session: Session, exchange: Exchange, slot: Slot): Promise<void> {
    const { message, response } = exchange;
    if (!/^application\/json\s*(?:;|$)/i.test(message.headers['content-type'] ?? '')) {
      const message415 = 'Unsupported Media Type: Content-Type must be application/json';
      refuse(response, { status: 415, code: -32000, message: message415 });
      return;
    }
    const body: JsonValue = parseStrict(decodeUtf8(await readBody(message, LIMITS.messageBytes)));
    // Reading may take a minute; a session that ended meanwhile must not open anything any more.
    if (!deps.gate.isActive(session)) {
      refuseToken(response, { token: tokenOf(message) ?? '', origin: deps.publicOrigin });
      return;
    }
    if (Array.isArray(body)) {
      const batches = 'JSON-RPC batches are not supported: send one message in each request';
      refuse(response, { status: 400, code: -32600, message: batches });
      return;
    }
    // What ends or answers something that is under way has room left where nothing else has.
    if (slot.isSpare && isJsonObject(body) && body.method !== undefined && body.id !== undefined) {
      refuseBusy(response);
      return;
    }
    const call = modernToolCall(body, message.headers);
    if (call !== undefined) {
      const { id, params } = call;
      const { headers } = exchange.message;
      const problem = callHeaderProblem(deps.gate.downstreams.catalog(), session, { params, headers });
      if (problem !== undefined) {
        const message = `Header mismatch: ${problem}`;
        refuse(response, { status: 400, code: HEADER_MISMATCH, message, id });
        return;
      }
    }
    const hot = recognise(body, message.headers);
    if (hot !== undefined && (await direct(session, hot, exchange))) return;
    const unnamed = missingName(body, message.headers);
    if (unnamed !== undefined) {
      refuse(response, { status: 400, code: HEADER_MISMATCH, ...unnamed });
      return;
    }
    await viaLanes(session, exchange, body);
  }

  async function serve(session: Session, exchange: Exchange, slot: Slot): Promise<void> {
    const { message, response } = exchange;
    const { method } = message;
    if (method !== 'POST' && method !== 'GET' && method !== 'DELETE') {
      const headers = { allow: 'GET, POST, DELETE' };
      refuse(response, { status: 405, code: -32000, message: 'Method not allowed', headers });
    } else if (hasDoubledHeader(message)) {
      const doubled = 'A protocol header was sent twice. Send each Mcp-* header once.';
      refuse(response, { status: 400, code: HEADER_MISMATCH, message: doubled });
    } else if (method === 'POST') await post(session, exchange, slot);
    else if (method === 'GET' && slot.isSpare) refuseBusy(response);
    else await viaLanes(session, exchange, undefined);
  }

  warnOfShadows(deps.gate.downstreams.catalog().tools);
  return {
    matches(path) {
      return path === '/mcp' || path.startsWith('/mcp/');
    },

    async handle(message, response) {
      try {
        const token = tokenOf(message);
        if (token === undefined) {
          refuseNobody(response, deps.publicOrigin);
          return;
        }
        const session = await deps.authenticate(token);
        if (session === undefined) {
          refuseToken(response, { token, origin: deps.publicOrigin });
          return;
        }
        const slot = open.enter(session.id, response);
        if (slot === undefined) {
          refuseBusy(response);
          return;
        }
        try {
          await serve(session, { message, response }, slot);
        } finally {
          slot.served();
        }
      } catch (failure) {
        const rpc = rpcErrorFrom(failure);
        const status = failure instanceof CountersignError && rpc.httpStatus === 200 ? 400 : rpc.httpStatus;
        if (status >= 500) deps.log.error({ err: failure }, 'a message could not be served');
        if (!message.complete) response.setHeader('connection', 'close');
        refuse(response, { ...rpc, status });
        if (!response.writableEnded) response.end();
      }
    },

    endSession(sessionId) {
      open.end(sessionId);
      deps.parking.endSession(sessionId);
      lanes
        ?.then(({ legacy, modern }) => {
          legacy.endSession(sessionId);
          modern.endSession(sessionId);
        })
        .catch((err: unknown) => deps.log.error({ err }, 'ending a session failed'));
    },

    onDownstreamEvent(event) {
      if (event.kind === 'resource_updated') deps.desk.changed(event);
      if (event.kind !== 'catalog') return;
      if (event.list === 'tools') warnOfShadows(deps.gate.downstreams.catalog().tools);
      announce([event.list]);
    },

    onPolicyChanged() {
      deps.desk.review();
      announce(LISTS);
    },

    warm() {
      Promise.all([loadLanes(), import('@modelcontextprotocol/server')]).catch((err: unknown) =>
        deps.log.error({ err }, 'what agents need could not be loaded'),
      );
    },

    async close() {
      stopping.abort();
      await deps.parking.close();
      await open.drain();
      const loaded = await lanes;
      await Promise.all([loaded?.legacy.close(), loaded?.modern.close()]);
    },
  };
}
