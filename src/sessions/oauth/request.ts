/** What a client asks a person for (RFC 6749 §4.1.1 with RFC 7636 and RFC 8707), as it came; nothing of it is trusted. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly challenge: string;
}

/** The parameters of an authorization request, each at most once. */
export type RequestParameters = ReadonlyMap<string, string>;

const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const STATE = /^[\x20-\x7e]{0,2000}$/;

/** The parameters of a query, empty ones left out; the name of one that is repeated, or holds a NUL, instead. */
export function readParameters(query: string): RequestParameters | { readonly bad: string } {
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    // RFC 8707 §2 lets `resource` come more than once; there is one resource here, so it cannot.
    if (found.has(name) || value.includes('\0')) return { bad: name.slice(0, 64) };
    if (value !== '') found.set(name, value);
  }
  return found;
}

/** True when a resource indicator means this endpoint, however its host is written. */
export function isThisResource(resource: string, endpoint: string): boolean {
  if (!URL.canParse(resource) || resource.includes('#')) return false;
  const url = new URL(resource);
  return url.username === '' && url.password === '' && url.href === new URL(endpoint).href;
}

export interface RequestRefusal {
  /** RFC 6749 §4.1.2.1, RFC 8707 §2. */
  readonly error: 'invalid_request' | 'unsupported_response_type' | 'invalid_target';
  readonly expected: string;
}

/**
 * Why the request of a known client is refused, or undefined. `endpoint` is the address of the MCP endpoint; a request
 * that names no resource means it, because there is no other.
 */
export function requestRefusal(parameters: RequestParameters, endpoint: string): RequestRefusal | undefined {
  if (parameters.get('response_type') !== 'code')
    return { error: 'unsupported_response_type', expected: 'response_type: expected "code"' };
  const resource = parameters.get('resource');
  if (resource !== undefined && !isThisResource(resource, endpoint))
    return { error: 'invalid_target', expected: `resource: expected ${endpoint}` };
  if (parameters.get('code_challenge_method') !== 'S256')
    return { error: 'invalid_request', expected: 'code_challenge_method: expected "S256" (PKCE, RFC 7636)' };
  if (!CHALLENGE.test(parameters.get('code_challenge') ?? ''))
    return { error: 'invalid_request', expected: 'code_challenge: expected 43 base64url characters' };
  if (!STATE.test(parameters.get('state') ?? ''))
    return { error: 'invalid_request', expected: 'state: expected at most 2000 printable ASCII characters' };
  const mode = parameters.get('response_mode');
  if (mode !== undefined && mode !== 'query')
    return { error: 'invalid_request', expected: 'response_mode: expected "query"' };
  return undefined;
}
