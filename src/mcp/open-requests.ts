import type { ServerResponse } from 'node:http';
import { LIMITS } from '../core/limits.ts';
import { createTransientMap } from '../core/transient-map.ts';

/** What each session has under way at this endpoint, so that it can be bounded, and ended together. */
export interface OpenRequests {
  /** Counts a request in. Undefined when the session has too many under way already. */
  enter(sessionId: string, response: ServerResponse): Slot | undefined;
  /** Counts a response that stays open, such as a notification stream. False when the session has too many, or it has closed. */
  stream(sessionId: string, response: ServerResponse): boolean;
  /** Cuts everything of one session. */
  end(sessionId: string): void;
  /** Cuts every stream, and resolves when all other responses have closed. */
  drain(): Promise<void>;
}

/** The place of one request. */
export interface Slot {
  /** One of the few that are left for what ends or answers something: notifications, answers, and the end of a connection. */
  readonly isSpare: boolean;
  /**
   * To be called once, by whoever has served the request. The place is held until then and until its response has closed:
   * before 2026-07-28 a client that lets its response go has not cancelled its call.
   */
  served(): void;
}

interface Load {
  /** Requests that are served or answered still. */
  underWay: number;
  readonly streams: Set<ServerResponse>;
}

export function createOpenRequests(): OpenRequests {
  const loads = new Map<string, Load>();
  /** Those that have not closed, each by a number of its own. */
  const responses = createTransientMap<number, { sessionId: string; response: ServerResponse }>();
  const state = { nextNumber: 0, quiet: Promise.withResolvers<void>() };

  function closed(load: Load, number: number): void {
    const left = responses.take(number);
    if (left !== undefined) load.streams.delete(left.response);
    if (responses.size > 0) return;
    state.quiet.resolve();
    state.quiet = Promise.withResolvers();
  }

  return {
    enter(sessionId, response) {
      const load: Load = loads.get(sessionId) ?? { underWay: 0, streams: new Set() };
      const { concurrentCallsPerSession: most, spareRequestsPerSession: spare } = LIMITS;
      if (load.underWay >= most + spare) return undefined;
      loads.set(sessionId, load);
      load.underWay += 1;
      let parts = 1;
      const served = (): void => {
        parts -= 1;
        if (parts > 0) return;
        load.underWay -= 1;
        if (load.underWay === 0) loads.delete(sessionId);
      };
      const slot = { isSpare: load.underWay > most, served };
      if (response.closed) return slot;
      parts = 2;
      const number = state.nextNumber++;
      responses.set(number, { sessionId, response });
      response.once('close', () => {
        closed(load, number);
        served();
      });
      return slot;
    },

    stream(sessionId, response) {
      const load = loads.get(sessionId);
      // What has closed does so no second time, and would hold its place for ever.
      if (load === undefined || response.closed || load.streams.size >= LIMITS.streamsPerSession)
        return false;
      load.streams.add(response);
      return true;
    },

    end(sessionId) {
      for (const one of responses.values()) if (one.sessionId === sessionId) one.response.destroy();
    },

    async drain() {
      for (const { streams } of loads.values()) for (const response of streams) response.destroy();
      if (responses.size > 0) await state.quiet.promise;
    },
  };
}
