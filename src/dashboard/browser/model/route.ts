import { type SectionName, sectionAt } from './sections.ts';

export type Route =
  | { readonly name: 'sign-in' | 'missing' }
  | { readonly name: 'section'; readonly section: SectionName; readonly id: string | undefined }
  /** `deny` is the signature of a link that asks for the dialog to deny. */
  | { readonly name: 'approval'; readonly id: string; readonly deny: string | undefined }
  | { readonly name: 'authorize'; readonly query: string }
  | { readonly name: 'enrol'; readonly token: string };

/** Which screen an address means. */
export function readRoute(at: { pathname: string; hash: string; search?: string }): Route {
  if (at.pathname === '/sign-in') return { name: 'sign-in' };
  if (at.pathname === '/authorize') return { name: 'authorize', query: (at.search ?? '').slice(1) };
  if (at.pathname === '/enrol') return { name: 'enrol', token: at.hash.slice(1) };
  const approval = /^\/approvals\/([A-Za-z0-9_]{1,100})$/.exec(at.pathname);
  if (approval?.[1] !== undefined) {
    const deny = new URLSearchParams(at.search).get('deny') ?? undefined;
    return { name: 'approval', id: approval[1], deny };
  }
  const found = sectionAt(at.pathname);
  return found === undefined ? { name: 'missing' } : { name: 'section', section: found.name, id: found.id };
}
