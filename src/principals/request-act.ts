import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ActParams } from './act-statement.ts';
import { type ActOffer, offerAct } from './acts.ts';
import type { PasskeyDeps } from './deps.ts';
import { removablePasskey } from './people/remove-passkey.ts';
import { removablePerson } from './people/remove-person.ts';
import type { PersonPrincipal } from './principal.ts';
import { parsePublicKey } from './service-account.ts';
import { requireServiceAccount } from './service-accounts.ts';
import { parseGroups, parseName, parseSubject } from './text.ts';

/** An act as somebody asks for it, not checked yet. One more passkey is offered by its own ceremony. */
export type ActRequest =
  | {
      readonly act: 'approver.invite';
      readonly params: {
        readonly name: string;
        readonly groups: readonly string[];
        readonly subject?: string | undefined;
        readonly token: string;
      };
    }
  | { readonly act: 'approver.remove'; readonly params: ActParams['approver.remove'] }
  | { readonly act: 'passkey.remove'; readonly params: ActParams['passkey.remove'] }
  | {
      readonly act: 'service_account.create';
      readonly params: {
        readonly name: string;
        readonly groups: readonly string[];
        readonly public_key: string | JsonObject;
      };
    }
  | { readonly act: 'service_account.remove'; readonly params: ActParams['service_account.remove'] };

function parseToken(token: string): string {
  if (/^[0-9a-f]{64}$/.test(token)) return token;
  const expected =
    '64 hex digits: SHA-256 of the hex of SHA-256("countersign/invite/v1\\n" ‖ the link’s secret)';
  throw new CountersignError('invalid_request', `token: expected ${expected}`, {
    fields: [{ field: 'token', expected }],
  });
}

/**
 * Offers the statement for an act, with its params in the form in which they are signed (names trimmed, groups once
 * each, a public key as its JWK). Refuses at once what could not be carried out, so that nobody signs in vain.
 * Throws `invalid_request`, `not_found`, `conflict`, `rate_limited`.
 */
export async function requestAct(
  deps: PasskeyDeps,
  input: { by: PersonPrincipal; request: ActRequest },
): Promise<ActOffer> {
  const { by, request } = input;
  switch (request.act) {
    case 'approver.invite': {
      const { name, groups, subject, token } = request.params;
      const params = {
        name: parseName(name),
        groups: parseGroups(groups),
        ...(subject === undefined ? {} : { subject: parseSubject(subject) }),
        token: parseToken(token),
      };
      return offerAct(deps, { by, act: request.act, params });
    }
    case 'approver.remove': {
      await removablePerson(deps, { by, personId: request.params.person });
      return offerAct(deps, { by, ...request });
    }
    case 'passkey.remove': {
      const { person, passkey } = request.params;
      await removablePasskey(deps, { personId: person, passkeyId: passkey });
      return offerAct(deps, { by, ...request });
    }
    case 'service_account.create': {
      const { name, groups, public_key } = request.params;
      const params = {
        name: parseName(name),
        groups: parseGroups(groups),
        public_key: JSON.parse(parsePublicKey(public_key)) as JsonObject,
      };
      return offerAct(deps, { by, act: request.act, params });
    }
    case 'service_account.remove': {
      await requireServiceAccount(deps, request.params.service_account);
      return offerAct(deps, { by, ...request });
    }
  }
}
