import { CountersignError } from '../../core/errors.ts';
import type { PrincipalDeps } from '../deps.ts';
import type { RelyingParty } from '../web/relying-party.ts';
import { type AssertionFlags, type AuthenticationResponseJSON, checkAssertion } from './passkey.ts';
import type { Passkey } from './person.ts';
import { markPasskeySuspect } from './store.ts';

/**
 * Checks an assertion by `passkey`, and that its counter went up (or that the authenticator keeps none). A valid
 * signature with a counter that did not is refused, and flagged on the passkey and in the ledger before this throws:
 * somebody may have copied the key (WebAuthn Level 3 §7.2). Otherwise changes nothing. Throws
 * `unauthenticated`, and `forbidden` for such a counter.
 */
export async function acceptAssertion(
  deps: Pick<PrincipalDeps, 'ledger' | 'now'>,
  input: {
    party: Pick<RelyingParty, 'origin' | 'rpId'>;
    response: AuthenticationResponseJSON;
    /** base64url */
    challenge: string;
    passkey: Passkey;
  },
): Promise<AssertionFlags> {
  const { party, passkey } = input;
  const flags = await checkAssertion(party, input);
  const isCounted = flags.counter > 0 || passkey.counter > 0;
  if (!isCounted || flags.counter > passkey.counter) return flags;
  await deps.ledger.commit({
    guard: markPasskeySuspect({ passkeyId: passkey.id, now: deps.now() }),
    entries: [
      {
        type: 'passkey.suspect',
        ref: { principal: `person:${passkey.personId}`, action: 'passkeys.suspect' },
        body: {
          person: passkey.personId,
          passkey: passkey.id,
          stored: passkey.counter,
          received: flags.counter,
        },
      },
    ],
  });
  throw new CountersignError(
    'forbidden',
    'The counter of this passkey went back, as it does when somebody has copied it. Nothing was done, and the passkey is flagged. Use another passkey, add a new one under People, and remove this one.',
  );
}
