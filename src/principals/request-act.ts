import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ActParams } from './act-statement.ts';
import { type ActOffer, offerAct } from './acts.ts';
import { parseRoles } from './api-key.ts';
import type { PasskeyDeps } from './deps.ts';
import { refuseKnownKey } from './keys.ts';
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
  | { readonly act: 'service_account.remove'; readonly params: ActParams['service_account.remove'] }
  | {
      readonly act: 'key.create';
      readonly params: {
        readonly name: string;
        readonly roles: readonly string[];
        readonly hint: string;
        readonly hash: string;
      };
    };

function parseText(text: string, as: { field: string; pattern: RegExp; expected: string }): string {
  const { field, pattern, expected } = as;
  if (pattern.test(text)) return text;
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

const HEX_256 = /^[0-9a-f]{64}$/;
const TOKEN = {
  field: 'token',
  pattern: HEX_256,
  expected: '64 hex digits: SHA-256 of the hex of SHA-256("countersign/invite/v1\\n" ‖ the link’s secret)',
};
const KEY_HASH = {
  field: 'hash',
  pattern: HEX_256,
  expected:
    '64 hex digits: SHA-256 of the whole key, cs_ and 43 characters of base64url over 32 random bytes',
};
const KEY_HINT = {
  field: 'hint',
  pattern: /^[A-Za-z0-9_-]{4}$/,
  expected: 'the last 4 characters of the key',
};

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
        token: parseText(token, TOKEN),
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
    case 'key.create': {
      const { name, roles, hint, hash } = request.params;
      const params = {
        name: parseName(name),
        roles: parseRoles(roles),
        hint: parseText(hint, KEY_HINT),
        hash: parseText(hash, KEY_HASH),
      };
      await refuseKnownKey(deps, params.hash);
      return offerAct(deps, { by, act: request.act, params });
    }
  }
}
