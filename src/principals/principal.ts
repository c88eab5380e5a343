/** What an API key may do. No role approves: only a passkey assertion (or a rule's automation key) decides. */
export type Role = 'operator' | 'minter' | 'reader' | 'requester';

export const ROLES: readonly Role[] = ['operator', 'minter', 'reader', 'requester'];

/** Whoever is authenticated. */
export type Principal =
  | { readonly kind: 'api_key'; readonly id: string; readonly roles: readonly Role[]; readonly name: string }
  | {
      readonly kind: 'person';
      readonly id: string;
      readonly name: string;
      readonly groups: readonly string[];
    }
  | {
      readonly kind: 'service_account';
      readonly id: string;
      readonly name: string;
      readonly groups: readonly string[];
    }
  | { readonly kind: 'session'; readonly id: string; readonly subject: string };

/** Someone who is signed in with a passkey. */
export type PersonPrincipal = Extract<Principal, { kind: 'person' }>;

/** `api_key:key_…`, the form in ledger references. */
export function principalRef(principal: Principal): string {
  return `${principal.kind}:${principal.id}`;
}
