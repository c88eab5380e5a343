const URI = /^[\x21-\x7e]{1,2000}$/;
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** Schemes that a browser or an operating system acts on by itself; no application receives a code there. */
const NOBODYS: ReadonlySet<string> = new Set([
  'about:',
  'blob:',
  'chrome:',
  'chrome-extension:',
  'content:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'intent:',
  'jar:',
  'javascript:',
  'ms-settings:',
  'resource:',
  'search-ms:',
  'smb:',
  'ssh:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]);

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && LOOPBACK.has(url.hostname);
}

/**
 * Why a client may not have itself redirected there, or undefined: https, http to this very computer (RFC 8252 §7.3),
 * or a scheme of the application's own (§7.1) with `://`; no fragment (RFC 6749 §3.1.2) and no credentials.
 */
export function redirectProblem(uri: string): string | undefined {
  if (!URI.test(uri) || uri.includes('\\') || !URL.canParse(uri))
    return 'an absolute URI of at most 2000 printable ASCII characters';
  const url = new URL(uri);
  if (uri.includes('#')) return 'a URI without a fragment';
  if (url.username !== '' || url.password !== '') return 'a URI without credentials';
  if (url.protocol === 'https:' || isLoopback(url)) return undefined;
  const own = url.protocol !== 'http:' && !NOBODYS.has(url.protocol) && /^[a-z][a-z0-9+.-]*:\/\//i.test(uri);
  return own ? undefined : "https, http to the loopback interface, or the application's own scheme with ://";
}

/**
 * True when a request's redirect URI is one that the client named: the same text, or for a loopback address the same but
 * for its port, which such clients get from the system (RFC 8252 §7.3).
 */
export function isNamedRedirect(asked: string, named: readonly string[]): boolean {
  if (redirectProblem(asked) !== undefined) return false;
  if (named.includes(asked)) return true;
  const url = new URL(asked);
  if (!isLoopback(url)) return false;
  const withoutPort = (one: URL): string => `${one.hostname}${one.pathname}${one.search}`;
  return named.some((one) => {
    const other = URL.canParse(one) ? new URL(one) : undefined;
    return other !== undefined && isLoopback(other) && withoutPort(other) === withoutPort(url);
  });
}

/** Where the answer goes, for people: the host, the program on this computer, or the application's scheme. */
export function redirectTarget(uri: string): { kind: 'web' | 'loopback' | 'application'; name: string } {
  const url = new URL(uri);
  if (url.protocol === 'https:') return { kind: 'web', name: url.host };
  if (isLoopback(url)) return { kind: 'loopback', name: url.host };
  return { kind: 'application', name: `${url.protocol}//${url.host}` };
}

/** The redirect with an answer in its query (RFC 6749 §4.1.2); what stood in its query stays. */
export function redirectWith(uri: string, answer: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(answer)) if (value !== undefined) query.append(name, value);
  return `${uri}${uri.includes('?') ? '&' : '?'}${query}`;
}
