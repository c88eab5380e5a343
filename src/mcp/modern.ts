import {
  createMcpHandler,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Session } from '../sessions/session.ts';
import type { DispatchDeps } from './dispatch.ts';
import { withRawReply } from './raw-reply.ts';
import type { RelayDesks } from './relay/desks.ts';
import type { LogLevel } from './relay/log-level.ts';
import type { Subscriptions } from './relay/subscriptions.ts';
import type { McpReply } from './request.ts';
import { createSdkServer } from './sdk-server.ts';
import { listenToTasks } from './tasks/status-stream.ts';

/** The 2026-07-28 lane: one SDK handler for each live session, since its event bus reaches all of its streams. */
export interface ModernLane {
  handle(session: Session, request: Request, body: unknown): Promise<Response>;
  notifyListChanged(list: 'tools' | 'resources' | 'prompts'): void;
  endSession(sessionId: string): void;
  close(): Promise<void>;
}

const LIVE_HANDLERS = 1_000;

/** What is known of a request while the SDK serves it. */
interface Served {
  readonly method: string | undefined;
  reply: McpReply | undefined;
}

export function createModernLane(deps: DispatchDeps & RelayDesks): ModernLane {
  const handlers = new Map<string, McpHttpHandler>();
  const served = new WeakMap<Request, Served>();
  /** What has changed and is not announced yet: each session's streams are told together. */
  const updates = new Map<string, Set<string>>();

  function drop(sessionId: string): void {
    const handler = handlers.get(sessionId);
    if (handler === undefined) return;
    handlers.delete(sessionId);
    deps.levels.leave(sessionId);
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
      const one = requestInfo === undefined ? undefined : served.get(requestInfo);
      const wants = (level: LogLevel): void => deps.levels.lower(session.id, level);
      const answered = (reply: McpReply): void => {
        if (one !== undefined) one.reply = reply;
      };
      return createSdkServer(deps, { session, method: one?.method, wants, answered });
    };
    const handler = createMcpHandler(serve, {
      legacy: 'reject',
      maxSubscriptions: LIMITS.streamsPerSession,
      maxRequestBodySize: LIMITS.messageBytes,
    });
    handlers.set(session.id, handler);
    return handler;
  }

  /** One notice for each change, however many streams of the session wait for it: the handler tells them all. */
  function announceUpdate(sessionId: string, uri: string): void {
    const waiting = updates.get(sessionId);
    waiting?.add(uri);
    if (waiting !== undefined) return;
    updates.set(sessionId, new Set([uri]));
    queueMicrotask(() => {
      for (const changed of updates.get(sessionId) ?? [])
        handlers.get(sessionId)?.notify.resourceUpdated(changed);
      updates.delete(sessionId);
    });
  }

  async function mayFollow(subscriptions: Subscriptions, uri: string): Promise<boolean> {
    try {
      await subscriptions.add(uri);
      return true;
    } catch (err) {
      if (!(err instanceof CountersignError)) deps.log.error({ err }, 'a subscription failed');
      return false;
    }
  }

  /** The request with those resources alone that its session may be told of; they are watched until its stream ends. */
  async function governedListen(session: Session, request: Request, body: JsonObject): Promise<JsonObject> {
    const params = isJsonObject(body.params) ? body.params : {};
    const wanted = isJsonObject(params.notifications) ? params.notifications : {};
    const uris = wanted.resourceSubscriptions;
    if (!Array.isArray(uris) || !uris.every((uri) => typeof uri === 'string')) return body;
    const subscriptions = deps.desk.open(session, {
      method: 'subscriptions/listen',
      tell: (subscribed) => announceUpdate(session.id, subscribed),
    });
    request.signal.addEventListener('abort', subscriptions.close, { once: true });
    if (request.signal.aborted) subscriptions.close();
    const resourceSubscriptions: string[] = [];
    const asked = [...new Set(uris)].slice(0, LIMITS.subscriptionsPerSession);
    for (const uri of asked) if (await mayFollow(subscriptions, uri)) resourceSubscriptions.push(uri);
    return { ...body, params: { ...params, notifications: { ...wanted, resourceSubscriptions } } };
  }

  return {
    async handle(session, request, body) {
      const { id = null, method } = isJsonObject(body) ? body : {};
      const one: Served = { method: typeof method === 'string' ? method : undefined, reply: undefined };
      served.set(request, one);
      if (isJsonObject(body) && method === 'subscriptions/listen') {
        const asked = { session, body: await governedListen(session, request, body), signal: request.signal };
        return listenToTasks(deps, asked, (parsedBody) => handlerOf(session).fetch(request, { parsedBody }));
      }
      const response = await handlerOf(session).fetch(request, { parsedBody: body });
      return withRawReply(response, { id, reply: () => one.reply });
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
