/** What an authorization response says (RFC 6749 §4.1.2, RFC 9207). */
export type Callback = {
  readonly state: string;
  readonly iss: string | undefined;
  /** The address without its query. */
  readonly redirectUri: string;
} & (
  | { readonly kind: 'code'; readonly code: string }
  /** A code of RFC 6749 §4.1.2.1; never the words of the other side. */
  | { readonly kind: 'refused'; readonly error: string }
);

const LONGEST = 8_192;

/** Reads the address that a browser was sent back to; undefined when it is none, or says a thing twice. */
export function readCallback(text: string): Callback | undefined {
  if (text.length > LONGEST || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const one = (name: string) => {
    const all = url.searchParams.getAll(name);
    return all.length === 1 && all[0] !== '' ? all[0] : undefined;
  };
  for (const name of ['code', 'state', 'iss', 'error']) {
    if (url.searchParams.has(name) && one(name) === undefined) return undefined;
  }
  const [state, iss, code, error] = [one('state'), one('iss'), one('code'), one('error')];
  if (state === undefined || (code === undefined) === (error === undefined)) return undefined;
  const common = { state, iss, redirectUri: `${url.origin}${url.pathname}` };
  if (code !== undefined) return { ...common, kind: 'code', code };
  return { ...common, kind: 'refused', error: /^[a-z_]{1,40}$/.test(error ?? '') ? (error ?? '') : 'error' };
}
