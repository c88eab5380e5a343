export type Route =
  | { readonly name: 'inbox' | 'history' | 'people' | 'sign-in' | 'missing' }
  | { readonly name: 'approval'; readonly id: string }
  | { readonly name: 'enrol'; readonly token: string };

const PAGES: Readonly<Record<string, 'inbox' | 'history' | 'people' | 'sign-in'>> = {
  '/': 'inbox',
  '/history': 'history',
  '/people': 'people',
  '/sign-in': 'sign-in',
};

/** Which screen an address means. */
export function readRoute(at: { pathname: string; hash: string }): Route {
  const name = PAGES[at.pathname];
  if (name !== undefined) return { name };
  if (at.pathname === '/enrol') return { name: 'enrol', token: at.hash.slice(1) };
  const approval = /^\/approvals\/([A-Za-z0-9_]{1,100})$/.exec(at.pathname);
  return approval?.[1] === undefined ? { name: 'missing' } : { name: 'approval', id: approval[1] };
}
