import { randomKey } from '../core/web-random.ts';
import { apiError } from './api-error.ts';
import { problemFrom } from './problem.ts';

/** What every method of this client takes last. */
export interface CallOptions {
  /** Aborting it ends the call; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Bounds the whole call, retries included. 30,000 unless told. */
  readonly timeoutMs?: number | undefined;
  /** How often a call is repeated after a fault. 2 unless told. */
  readonly maxRetries?: number | undefined;
  /**
   * Under one key a change is made once, also when it is sent again by another process: the gateway answers with what it
   * answered first, for 24 h. Each call has a key of its own unless told; 1 to 255 printable ASCII characters.
   */
  readonly idempotencyKey?: string | undefined;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Made by `path`, so that every part is encoded. */
  readonly path: string;
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as application/x-www-form-urlencoded instead of a JSON body; what is undefined is left out. */
  readonly form?: Query;
  /** The Authorization header in place of the API key; null sends neither key nor cookie. */
  readonly authorization?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly options?: CallOptions | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** The one place where requests leave. Every method throws `CountersignApiError` for an answer that is not 2xx. */
export interface Http {
  json<T>(call: HttpCall): Promise<Answer<T>>;
  text(call: HttpCall): Promise<string>;
  /** Resolves once the headers are there; the timeout does not bound the body, `signal` does. */
  stream(call: HttpCall): Promise<ReadableStream<Uint8Array>>;
}

/** The access token of a service account, got when it is needed and kept until shortly before it ends. */
export interface Login {
  accessToken(signal: AbortSignal): Promise<string>;
  /** Forgets a token that the gateway has refused; the next call logs in again. */
  forget(): void;
}

export interface HttpOptions {
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
  /** Stands for the API key where there is none. */
  readonly login?: Login | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly pause: Pause;
}

/** Resolves after `ms`, or rejects with the signal's reason when that comes first. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

const RETRYABLE = new Set([429, 502, 503, 504]);
const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 8_000;

/** Builds a request path; each part is encoded. Throws `invalid_request` on a part that a URL would swallow. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((text, part, index) => {
    const value = values[index - 1] ?? '';
    if (value === '' || value === '.' || value === '..') {
      throw apiError({
        code: 'invalid_request',
        message: `An id or name was expected, but got ${JSON.stringify(value)}.`,
      });
    }
    return text + encodeURIComponent(value) + part;
  });
}

function encoded(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) params.append(name, String(value));
  return params.toString();
}

function queryText(query: Query = {}): string {
  const text = encoded(query);
  return text === '' ? '' : `?${text}`;
}

/** The Authorization header of a call; undefined when the page's cookie stands for it, null for nothing at all. */
async function authorizationOf(
  call: HttpCall,
  { apiKey, login }: HttpOptions,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  if (call.authorization !== undefined) return call.authorization;
  const token = apiKey ?? (await login?.accessToken(signal));
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** The key of a change, so that it can be sent again; forms are of protocols that know none. */
function idempotencyKeyOf({ method, form, options }: HttpCall): string | undefined {
  if (method !== 'POST' || form !== undefined) return undefined;
  return options?.idempotencyKey ?? randomKey();
}

function headersOf(
  call: HttpCall,
  authorization: string | null | undefined,
  key: string | undefined,
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json', ...call.headers };
  if (key !== undefined) headers['idempotency-key'] = key;
  if (typeof authorization === 'string') headers.authorization = authorization;
  // A page's cookie must not be usable from elsewhere: the gateway asks for a header that no form can send.
  else if (call.method !== 'GET') headers['x-countersign-csrf'] = '1';
  if (call.form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  return headers;
}

function delayMs(attempt: number, asked: number | undefined): number {
  return asked ?? Math.min(FIRST_DELAY_MS * 2 ** attempt, LONGEST_DELAY_MS);
}

/**
 * Sends requests with the API key, or with the page's cookie when there is none. Repeats a call only if it is a GET
 * or carries an idempotency key, after a network fault or 429, 502, 503, 504 (or 409 with `Retry-After`: the first
 * request under the key is still under way), and waits as long as `Retry-After` says.
 */
export function createHttp(http: HttpOptions): Http {
  async function once<T>(
    call: HttpCall,
    { signal, key }: { signal: AbortSignal; key: string | undefined },
    read: (response: Response) => Promise<T>,
  ): Promise<T> {
    const authorization = await authorizationOf(call, http, signal);
    const init: RequestInit = {
      method: call.method,
      headers: headersOf(call, authorization, key),
      credentials: authorization === undefined ? 'same-origin' : 'omit',
      redirect: 'manual',
      signal,
    };
    if (call.form !== undefined) init.body = encoded(call.form);
    else if (call.body !== undefined) init.body = JSON.stringify(call.body);
    const response = await http.fetch(`${http.baseUrl}${call.path}${queryText(call.query)}`, init);
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      const to = response.headers.get('location') ?? 'another address';
      const message = `${http.baseUrl} answered with a redirect to ${to}. Set the base URL to the gateway's own address.`;
      throw apiError({ code: 'bad_response', status: response.status, message });
    }
    if (response.status === 401) http.login?.forget();
    if (!response.ok) throw problemFrom(response, await response.text());
    return await read(response);
  }

  function isFatal(error: unknown): boolean {
    const { status = 0, retryAfterMs } = error as { status?: number; retryAfterMs?: number };
    const isUnderWay = status === 409 && retryAfterMs !== undefined;
    return !(error instanceof TypeError || RETRYABLE.has(status) || isUnderWay);
  }

  async function exchange<T>(call: HttpCall, read: (response: Response) => Promise<T>): Promise<T> {
    const timeoutMs = call.options?.timeoutMs ?? http.timeoutMs;
    const key = idempotencyKeyOf(call);
    // Without a key a lost answer does not tell whether the change was made: it is not sent twice.
    const isRepeatable = call.method === 'GET' || key !== undefined;
    const retries = isRepeatable ? (call.options?.maxRetries ?? http.maxRetries) : 0;
    const outer = call.options?.signal;
    const timer = new AbortController();
    const signal = outer ? AbortSignal.any([outer, timer.signal]) : timer.signal;
    const handle = setTimeout(() => timer.abort(), timeoutMs);
    try {
      for (let attempt = 0; ; attempt++) {
        try {
          return await once(call, { signal, key }, read);
        } catch (error) {
          if (signal.aborted || attempt >= retries || isFatal(error)) throw error;
          await http.pause(delayMs(attempt, (error as { retryAfterMs?: number }).retryAfterMs), signal);
        }
      }
    } catch (error) {
      if (outer?.aborted) throw outer.reason;
      if (timer.signal.aborted) {
        const message = `${http.baseUrl} did not answer ${call.method} ${call.path} within ${timeoutMs} ms.`;
        throw apiError({ code: 'timeout', message, cause: error });
      }
      // fetch reports every network fault as a TypeError (Fetch standard, "network error").
      if (error instanceof TypeError) {
        const message = `${http.baseUrl} could not be reached (${networkReason(error)}). Is the gateway running there?`;
        throw apiError({ code: 'network', message, cause: error });
      }
      throw error;
    } finally {
      clearTimeout(handle);
    }
  }

  return {
    json: <T>(call: HttpCall) =>
      exchange(call, async (response): Promise<Answer<T>> => {
        const text = await response.text();
        if (text === '') return { status: response.status, body: undefined as T };
        try {
          return { status: response.status, body: JSON.parse(text) as T };
        } catch (cause) {
          const message = `${http.baseUrl}${call.path} answered with something that is not JSON. Is it a Countersign gateway?`;
          throw apiError({ code: 'bad_response', status: response.status, message, cause });
        }
      }),
    text: (call) => exchange(call, (response) => response.text()),
    stream: (call) =>
      exchange(call, async (response) => {
        if (response.body === null)
          throw apiError({ code: 'bad_response', message: 'The stream has no body.' });
        return response.body as ReadableStream<Uint8Array>;
      }),
  };
}

function networkReason(error: TypeError): string {
  const cause = error.cause as { code?: unknown; message?: unknown } | undefined;
  return String(cause?.code ?? cause?.message ?? error.message);
}
