import type { IncomingMessage } from 'node:http';
import { CountersignError, errorText } from '../core/errors.ts';

/** A request to an address that somebody else chose. */
export interface OutboundRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How much of an answer is read; a longer one is a failure. */
  readonly maxBytes: number;
  /** For the whole exchange, name lookup included. */
  readonly timeoutMs: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Sends a request and gives its answer, whatever its status. Throws `invalid_request` that says what was wrong. */
export type Outbound = (request: OutboundRequest) => Promise<OutboundAnswer>;

const LOOPBACK = ['127.0.0.1', '::1'];

function refuse(problem: string, cause?: unknown): CountersignError {
  return new CountersignError('invalid_request', `url: ${problem}`, {
    cause,
    fields: [{ field: 'url', expected: 'a public https address' }],
  });
}

/** The address, if requests may go there as far as its text tells. Throws `invalid_request`. */
function checkedUrl(text: string, allowLoopback: boolean): URL {
  if (!URL.canParse(text)) throw refuse('expected an absolute https address');
  const url = new URL(text);
  const overTls = url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:');
  if (!overTls) throw refuse(`expected https, not ${url.protocol}`);
  if (url.username !== '' || url.password !== '') throw refuse('expected an address without credentials');
  return url;
}

async function readBounded(
  answer: IncomingMessage,
  limit: { host: string; maxBytes: number },
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > limit.maxBytes) {
      answer.destroy();
      throw refuse(`the answer of ${limit.host} is longer than ${limit.maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Requests to addresses that strangers choose, without lending them this machine's place in its network: https alone; a
 * connection goes only to a public unicast address, which is checked at the moment of connecting, on the very address
 * that the name was resolved to, so that no second lookup can differ; mapped, translated and reserved ranges are not
 * public. Redirects are answers, never followed. No cookie, no proxy, no connection kept. `allowLoopback` lets requests go
 * to this machine, without TLS too: for tests, and for what runs beside the gateway.
 */
export function createOutbound({ allowLoopback }: { allowLoopback: boolean }): Outbound {
  return async (request) => {
    const url = checkedUrl(request.url, allowLoopback);
    const [{ request: send }, { useAgent }] = await Promise.all([
      url.protocol === 'https:' ? import('node:https') : import('node:http'),
      import('request-filtering-agent'),
    ]);
    const agent = useAgent(url.href, {
      keepAlive: false,
      allowIPAddressList: allowLoopback ? [...LOOPBACK] : [],
    });
    const signal = AbortSignal.timeout(request.timeoutMs);
    const { method, headers = {}, body, maxBytes } = request;
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = send(url, { method, headers: { ...headers }, agent, signal }, resolve);
        sent.on('error', reject);
        sent.end(body);
      });
      return {
        status: answer.statusCode ?? 0,
        contentType: answer.headers['content-type'] ?? '',
        body: await readBounded(answer, { host: url.host, maxBytes }),
      };
    } catch (error) {
      if (error instanceof CountersignError) throw error;
      if (signal.aborted) throw refuse(`${url.host} did not answer in time`, error);
      // The agent's own words name addresses of this network; they stay in the diagnostics.
      const isPrivate = errorText(error).includes('is not allowed. Because');
      throw refuse(
        isPrivate ? `${url.host} is not a public address` : `${url.host} cannot be reached`,
        error,
      );
    } finally {
      agent.destroy();
    }
  };
}
