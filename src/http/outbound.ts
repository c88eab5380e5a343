import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { CountersignError, errorText } from '../core/errors.ts';
import { isPublicAddress } from './public-address.ts';

/** A request to an address that somebody else chose. */
export interface OutboundRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
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

/** Where requests may go beside public addresses. */
export interface OutboundRules {
  /** To this machine, without TLS too: for tests, and for what runs beside the gateway. */
  readonly allowLoopback: boolean;
  /** To exactly these, as `host:port`, without TLS too, wherever the name leads: the operator vouches for them. */
  readonly allow?: readonly string[];
}

function isListed(url: URL, { allow = [] }: OutboundRules): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return allow.includes(`${url.hostname}:${port}`);
}

/** The address, if requests may go there as far as its text tells. Throws `invalid_request`. */
function checkedUrl(text: string, rules: OutboundRules): URL {
  if (!URL.canParse(text)) throw refuse('expected an absolute https address');
  const url = new URL(text);
  const { allowLoopback } = rules;
  const isPlain = isListed(url, rules) && url.protocol === 'http:';
  const overTls = url.protocol === 'https:' || isPlain || (allowLoopback && url.protocol === 'http:');
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
 * public. Redirects are answers, never followed. No cookie, no proxy, no connection kept.
 */
export function createOutbound(rules: OutboundRules): Outbound {
  const { allowLoopback } = rules;
  return async (request) => {
    const url = checkedUrl(request.url, rules);
    const [{ request: send }, { useAgent }] = await Promise.all([
      url.protocol === 'https:' ? import('node:https') : import('node:http'),
      import('request-filtering-agent'),
    ]);
    const agent = useAgent(url.href, {
      keepAlive: false,
      allowPrivateIPAddress: isListed(url, rules),
      allowIPAddressList: allowLoopback ? [...LOOPBACK] : [],
    });
    const signal = AbortSignal.timeout(request.timeoutMs);
    const { method, headers = {}, body, maxBytes } = request;
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = send(url, { method, headers: { ...headers }, agent, signal }, resolve);
        sent.on('error', reject);
        // A switch of protocols (101) is no answer and no error: the exchange is only closed, even before its time is up.
        sent.on('close', () => reject(new Error('the exchange was closed without an answer')));
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

/**
 * Refuses an address before anything is sent there: by its text, and by where its name leads now. A name that leads
 * nowhere yet is let through, since every request is checked again when it connects. Rejects with `invalid_request`.
 */
export function createAddressCheck(rules: OutboundRules, resolve: Resolve): (url: string) => Promise<void> {
  return async (text) => {
    const url = checkedUrl(text, rules);
    if (isListed(url, rules)) return;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const isFine = (address: string): boolean =>
      isPublicAddress(address) || (rules.allowLoopback && LOOPBACK.includes(address));
    if (!addresses.every(isFine)) throw refuse(`${url.host} is not a public address`);
  };
}

/** The addresses of a name; none when it has none, or nobody says so in time. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const RESOLVE_MS = 2_000;

/** Asks the system, as connecting does. */
export const systemResolve: Resolve = async (host) => {
  const { lookup } = await import('node:dns/promises');
  const found = lookup(host, { all: true }).then(
    (all) => all.map(({ address }) => address),
    () => [],
  );
  const late = new Promise<readonly string[]>((done) => setTimeout(done, RESOLVE_MS, []).unref());
  return Promise.race([found, late]);
};
