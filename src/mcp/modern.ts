import {
  createMcpHandler,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server';
import { isJsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Session } from '../sessions/session.ts';
import type { DispatchDeps } from './dispatch.ts';
import { createSdkServer } from './sdk-server.ts';

/** The 2026-07-28 lane: one SDK handler for each live session, since its event bus reaches all of its streams. */
export interface ModernLane {
  handle(session: Session, request: Request, body: unknown): Promise<Response>;
  notifyListChanged(list: 'tools' | 'resources' | 'prompts'): void;
  endSession(sessionId: string): void;
  close(): Promise<void>;
}

const LIVE_HANDLERS = 1_000;

export function createModernLane(deps: DispatchDeps): ModernLane {
  const handlers = new Map<string, McpHttpHandler>();
  const methods = new WeakMap<Request, string>();

  function drop(sessionId: string): void {
    const handler = handlers.get(sessionId);
    if (handler === undefined) return;
    handlers.delete(sessionId);
    handler.close().catch((err: unknown) => deps.log.error({ err }, 'closing a session’s streams failed'));
  }

  function handlerOf(session: Session): McpHttpHandler {
    const known = handlers.get(session.id);
    if (known !== undefined) {
      handlers.delete(session.id);
      handlers.set(session.id, known);
      return known;
    }
    if (handlers.size >= LIVE_HANDLERS) {
      const oldest = handlers.keys().next().value;
      if (oldest !== undefined) drop(oldest);
    }
    const serve = ({ requestInfo }: McpRequestContext): Server => {
      const method = requestInfo === undefined ? undefined : methods.get(requestInfo);
      return createSdkServer(deps, { session, method });
    };
    const handler = createMcpHandler(serve, {
      legacy: 'reject',
      maxSubscriptions: LIMITS.streamsPerSession,
      maxRequestBodySize: LIMITS.messageBytes,
    });
    handlers.set(session.id, handler);
    return handler;
  }

  return {
    handle(session, request, body) {
      if (isJsonObject(body) && typeof body.method === 'string') methods.set(request, body.method);
      return handlerOf(session).fetch(request, { parsedBody: body });
    },

    notifyListChanged(list) {
      for (const { notify } of handlers.values()) {
        if (list === 'tools') notify.toolsChanged();
        else if (list === 'resources') notify.resourcesChanged();
        else notify.promptsChanged();
      }
    },

    endSession: drop,

    async close() {
      const open = [...handlers.values()];
      handlers.clear();
      await Promise.all(open.map((handler) => handler.close()));
    },
  };
}
