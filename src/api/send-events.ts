import { streamSSE } from 'hono/streaming';
import { authenticate } from './authenticate.ts';
import type { ApiContext, ApiDeps } from './context.ts';
import type { OpenStreams } from './open-streams.ts';

const HEARTBEAT_MS = 15_000;

/** One event. Without an id it is not where a reader resumes. */
export interface SentEvent {
  readonly id?: string | undefined;
  readonly event: string;
  readonly data: object;
}

/**
 * Answers with server-sent events (HTML standard, "Server-sent events"). The first thing sent is the id to
 * resume after, so that a cut before the first entry loses nothing. Ends when the reader goes away or may not read any
 * more, and when the gateway closes.
 */
export function sendEvents<Item>(
  c: ApiContext,
  input: {
    deps: ApiDeps;
    streams: OpenStreams;
    startId: number;
    follow: (signal: AbortSignal) => AsyncIterable<Item>;
    show: (item: Item) => SentEvent;
  },
): Response {
  const { deps, streams } = input;
  const end = new AbortController();
  const signal = AbortSignal.any([end.signal, deps.closing]);
  const items = input.follow(signal);
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'content-type': 'text/event-stream' });
  const reader = c.get('principal')?.id;

  /** A reader whose key or sign-in is no longer in force, or cannot be checked, gets nothing more. */
  function check(): void {
    authenticate(deps, c).then(
      (now) => now?.id === reader || end.abort(),
      () => end.abort(),
    );
  }

  const send = async (stream: Parameters<Parameters<typeof streamSSE>[1]>[0]): Promise<void> => {
    stream.onAbort(() => end.abort());
    // A reader that takes nothing blocks the write in progress; only aborting ends that.
    signal.addEventListener('abort', () => stream.abort(), { once: true });
    const forget = streams.add(check);
    const heartbeat = setInterval(() => {
      check();
      void stream.write(': still here\n\n');
    }, HEARTBEAT_MS);
    try {
      await stream.write(`id: ${input.startId}\n\n`);
      for await (const item of items) {
        const { id, event, data } = input.show(item);
        await stream.writeSSE({ ...(id === undefined ? {} : { id }), event, data: JSON.stringify(data) });
      }
    } finally {
      clearInterval(heartbeat);
      forget();
    }
  };
  const response = streamSSE(c, send, async (err) => {
    deps.log.error({ err, request: c.get('requestId') }, 'an event stream failed');
  });
  response.headers.set('cache-control', 'no-store');
  // Proxies that gather answers before they pass them on would hold events back.
  response.headers.set('x-accel-buffering', 'no');
  return response;
}
