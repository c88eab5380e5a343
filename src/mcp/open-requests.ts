import type { ServerResponse } from 'node:http';
import { LIMITS } from '../core/limits.ts';

/** What each session has under way at this endpoint, so that it can be bounded, and ended together. */
export interface OpenRequests {
  /** Counts a request in until its response has ended. False when the session has too many under way already. */
  enter(sessionId: string, response: ServerResponse): boolean;
  /** Counts a response that stays open, such as a notification stream. False when the session has too many. */
  stream(sessionId: string, response: ServerResponse): boolean;
  /** Cuts everything of one session. */
  end(sessionId: string): void;
  /** Cuts every stream, and resolves when all other requests have ended. */
  drain(): Promise<void>;
}

interface Load {
  readonly responses: Set<ServerResponse>;
  readonly streams: Set<ServerResponse>;
}

export function createOpenRequests(): OpenRequests {
  const loads = new Map<string, Load>();
  let quiet = Promise.withResolvers<void>();

  function left(sessionId: string, load: Load, response: ServerResponse): void {
    load.responses.delete(response);
    load.streams.delete(response);
    if (load.responses.size > 0) return;
    loads.delete(sessionId);
    if (loads.size > 0) return;
    quiet.resolve();
    quiet = Promise.withResolvers();
  }

  return {
    enter(sessionId, response) {
      if (response.closed) return true;
      const load: Load = loads.get(sessionId) ?? { responses: new Set(), streams: new Set() };
      if (load.responses.size >= LIMITS.concurrentCallsPerSession) return false;
      loads.set(sessionId, load);
      load.responses.add(response);
      response.once('close', () => left(sessionId, load, response));
      return true;
    },

    stream(sessionId, response) {
      const load = loads.get(sessionId);
      if (load === undefined || load.streams.size >= LIMITS.streamsPerSession) return false;
      load.streams.add(response);
      return true;
    },

    end(sessionId) {
      for (const response of loads.get(sessionId)?.responses ?? []) response.destroy();
    },

    async drain() {
      for (const { streams } of loads.values()) for (const response of streams) response.destroy();
      if (loads.size > 0) await quiet.promise;
    },
  };
}
