import { isJsonObject, type JsonObject } from '../../core/json.ts';

/** The REST API in this process, as a function. */
export type ApiFetch = (request: Request) => Response | Promise<Response>;

type Scalar = string | number | undefined;

/** One operation of the REST API; members that are undefined are left out. */
export type ApiCall =
  | { readonly get: string; readonly query: Readonly<Record<string, Scalar>> }
  | { readonly post: string; readonly json: object }
  | { readonly post: string; readonly form: Readonly<Record<string, Scalar>> };

/** What the API answered. `text` is its body as it came, `body` the same, read. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  readonly body: JsonObject;
}

function parameters(given: Readonly<Record<string, Scalar>>): URLSearchParams {
  const sent = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) sent.set(name, String(value));
  return sent;
}

function requestOf(call: ApiCall, caller: { origin: string; token: string; signal: AbortSignal }): Request {
  const { origin, token, signal } = caller;
  const authorization = `Bearer ${token}`;
  if ('get' in call) {
    const url = `${origin}${call.get}?${parameters(call.query)}`;
    return new Request(url, { headers: { authorization }, signal });
  }
  const url = `${origin}${call.post}`;
  if ('form' in call) return new Request(url, { method: 'POST', body: parameters(call.form), signal });
  const headers = { authorization, 'content-type': 'application/json' };
  return new Request(url, { method: 'POST', headers, body: JSON.stringify(call.json), signal });
}

/**
 * Carries out one operation with the caller's own credential, so that its roles and its name on the ledger are those of
 * the same request over HTTP. A form, which is for the OAuth endpoints, goes without: there, what is exchanged speaks
 * for itself.
 */
export async function callApi(
  fetch: ApiFetch,
  call: ApiCall,
  caller: { origin: string; token: string; signal: AbortSignal },
): Promise<ApiAnswer> {
  const response = await fetch(requestOf(call, caller));
  const text = await response.text();
  const body: unknown = JSON.parse(text);
  if (!isJsonObject(body)) throw new Error(`the API answered ${response.status} without an object`);
  return { status: response.status, text, body };
}
