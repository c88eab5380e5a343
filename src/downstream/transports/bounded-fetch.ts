import { Agent, fetch as undiciFetch } from 'undici';
import { LIMITS } from '../../core/limits.ts';

export type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Passes bytes on, and fails once `maxBytes` came without an empty line between events (or at all). */
function boundedStream(
  body: ReadableStream<Uint8Array>,
  { maxBytes, isEvents }: { maxBytes: number; isEvents: boolean },
) {
  const state = { bytes: 0 };
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
        const cut = isEvents ? Math.max(bytes.lastIndexOf('\n\n'), bytes.lastIndexOf('\r\n\r\n')) : -1;
        state.bytes = cut < 0 ? state.bytes + bytes.length : bytes.length - cut;
        if (state.bytes > maxBytes)
          controller.error(new Error(`the answer is larger than ${maxBytes} bytes`));
        else controller.enqueue(chunk);
      },
    }),
  );
}

/** A `fetch` for the SDK's transports: sockets of its own, and answers of bounded size. */
export function createBoundedFetch(): { fetch: Fetch; close: () => Promise<void> } {
  const agent = new Agent({ keepAliveTimeout: 4_000, allowH2: false, headersTimeout: 0, bodyTimeout: 0 });

  async function fetch(url: string | URL, init?: RequestInit): Promise<Response> {
    const request = { ...init, dispatcher: agent } as unknown as Parameters<typeof undiciFetch>[1];
    const response = (await undiciFetch(String(url), request)) as unknown as Response;
    if (response.body === null) return response;
    const isEvents = /^\s*text\/event-stream\b/i.test(response.headers.get('content-type') ?? '');
    const body = boundedStream(response.body, { maxBytes: LIMITS.downstreamLineBytes, isEvents });
    const { status, statusText } = response;
    return new Response(body, { status, statusText, headers: [...response.headers] });
  }

  return { fetch, close: () => agent.destroy() };
}
