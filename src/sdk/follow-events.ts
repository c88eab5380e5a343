import { isCountersignApiError } from './api-error.ts';
import { createEventParser, readEvents, type ServerEvent } from './event-stream.ts';
import type { Http, Pause, Query } from './http.ts';

/** Three heartbeats: the gateway sends one every 15 seconds. */
const IDLE_MS = 45_000;
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;

export interface StreamOptions {
  /** Aborting it ends the iteration without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Go on after this `seq`; only what is new from now on unless told. */
  readonly after?: number | undefined;
  /** How often in a row connecting may fail before the iteration throws. 10 unless told. */
  readonly maxRetries?: number | undefined;
}

/** An answer that will not change by asking again ends the stream; silence, a cut and a busy gateway do not. */
function isLasting(error: unknown): boolean {
  if (isCountersignApiError(error)) return error.status >= 300 && error.status < 500 && error.status !== 429;
  return !(error instanceof TypeError);
}

/**
 * The events of a stream across reconnections, each of which goes on after the last id that was seen. Ends when the
 * signal fires; throws when connecting fails too often, or in a way that will last.
 */
export async function* followEvents(
  { http, pause }: { http: Http; pause: Pause },
  from: { path: string; query: Query },
  options: StreamOptions = {},
): AsyncGenerator<ServerEvent, void, undefined> {
  const { signal, maxRetries = 10 } = options;
  let lastId = options.after === undefined ? '' : String(options.after);
  let failures = 0;
  while (!signal?.aborted) {
    // Each connection parses afresh: what a cut connection began must not run into the next one.
    const parser = createEventParser();
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastId !== '') headers['last-event-id'] = lastId;
      const call = { method: 'GET', ...from, headers } as const;
      const body = await http.stream({ ...call, options: { signal, maxRetries: 0 } });
      // A connection that stood and ended counts as no failure.
      failures = -1;
      for await (const event of readEvents(body, { idleMs: IDLE_MS, parser })) {
        lastId = parser.lastId() || lastId;
        yield event;
      }
    } catch (error) {
      if (signal?.aborted) return;
      if (isLasting(error) || failures >= maxRetries) throw error;
    }
    failures++;
    lastId = parser.lastId() || lastId;
    const delayMs = parser.retryMs() ?? Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
    // An abort during the pause is found by the loop's condition.
    await pause(delayMs, signal).catch(() => undefined);
  }
}
