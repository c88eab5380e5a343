import { type Server, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import type { NewId } from '../core/ids.ts';
import { isJsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Session } from '../sessions/session.ts';
import type { DispatchDeps } from './dispatch.ts';
import { createSdkServer } from './sdk-server.ts';

/** One client's stateful connection in the revisions before 2026-07-28 (its `Mcp-Session-Id`). */
interface McpSession {
  readonly sessionId: string;
  readonly server: Server;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Calls answered outside the SDK, by JSON-RPC id, so that a cancellation finds them. */
  readonly inFlight: Map<string, AbortController>;
}

export interface LegacyLane {
  handle(session: Session, request: Request, body: unknown): Promise<Response>;
  /**
   * Notes a call that is answered outside the SDK, so that a cancellation finds it. Returns what ends the note, or
   * undefined when this session has no connection with that id.
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

export function createLegacyLane(deps: DispatchDeps & { newId: NewId }): LegacyLane {
  const mcpSessions = new Map<string, McpSession>();

  function drop(id: string): void {
    const found = mcpSessions.get(id);
    if (found === undefined) return;
    mcpSessions.delete(id);
    for (const controller of found.inFlight.values()) controller.abort();
    found.server.close().catch((err: unknown) => deps.log.error({ err }, 'closing a connection failed'));
  }

  /** Makes room: the connection that was opened first goes when a session opens too many. */
  function evictFor(sessionId: string): void {
    const own = [...mcpSessions].filter(([, one]) => one.sessionId === sessionId);
    for (const [id] of own.slice(0, Math.max(0, own.length - LIMITS.mcpSessionsPerSession + 1))) drop(id);
  }

  async function open(session: Session): Promise<McpSession> {
    evictFor(session.id);
    const server = createSdkServer(deps, { session, era: 'legacy' });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => deps.newId('mcp'),
      onsessioninitialized: (id) => {
        mcpSessions.set(id, opened);
      },
      onsessionclosed: (id) => drop(id),
    });
    const opened: McpSession = { sessionId: session.id, server, transport, inFlight: new Map() };
    await server.connect(transport);
    return opened;
  }

  /** Ends a cancelled call. The SDK answers a cancelled request of its own with nothing and would keep its stream. */
  function cancel({ inFlight, transport }: McpSession, requestId: JsonValue | undefined): void {
    if (typeof requestId !== 'string' && typeof requestId !== 'number') return;
    inFlight.get(JSON.stringify(requestId))?.abort();
    transport.closeSSEStream(requestId);
  }

  function find(session: Session, id: string): McpSession | undefined {
    const found = mcpSessions.get(id);
    return found?.sessionId === session.id ? found : undefined;
  }

  return {
    begin(session, mcpSessionId, { id, controller }) {
      const inFlight = find(session, mcpSessionId)?.inFlight;
      if (inFlight === undefined) return undefined;
      const key = JSON.stringify(id);
      inFlight.set(key, controller);
      return () => {
        if (inFlight.get(key) === controller) inFlight.delete(key);
      };
    },

    async handle(session, request, body) {
      const id = request.headers.get('mcp-session-id');
      const options = body === undefined ? {} : { parsedBody: body };
      if (id === null && isJsonObject(body) && body.method === 'initialize') {
        const opened = await open(session);
        return opened.transport.handleRequest(request, options);
      }
      const known = id === null ? undefined : find(session, id);
      if (known === undefined) {
        const message =
          id === null
            ? 'Bad Request: Mcp-Session-Id header is required; send initialize first'
            : 'Session not found; send initialize again';
        return Response.json(
          { jsonrpc: '2.0', error: { code: id === null ? -32000 : -32001, message }, id: null },
          { status: id === null ? 400 : 404 },
        );
      }
      const response = await known.transport.handleRequest(request, options);
      if (isJsonObject(body) && body.method === 'notifications/cancelled' && isJsonObject(body.params))
        cancel(known, body.params.requestId);
      return response;
    },

    notifyListChanged(list) {
      for (const { server } of mcpSessions.values()) {
        const sent = {
          tools: () => server.sendToolListChanged(),
          resources: () => server.sendResourceListChanged(),
          prompts: () => server.sendPromptListChanged(),
        }[list]();
        sent.catch((err: unknown) =>
          deps.log.error({ err }, 'a list_changed notification could not be sent'),
        );
      }
    },

    endSession(sessionId) {
      for (const [id, one] of mcpSessions) if (one.sessionId === sessionId) drop(id);
    },

    async close() {
      const open = [...mcpSessions.values()];
      mcpSessions.clear();
      await Promise.all(open.map(({ server }) => server.close()));
    },
  };
}
