import {
  generateAuthenticationOptions,
  type PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { hashSecret } from '../api-key.ts';
import type { PasskeyDeps, PrincipalDeps } from '../deps.ts';
import { acceptAssertion } from '../people/accept-assertion.ts';
import { type AuthenticationResponseJSON, isCredentialId } from '../people/passkey.ts';
import type { Person } from '../people/person.ts';
import { livePasskeyByCredential, personById, recordPasskeyUse } from '../people/store.ts';
import type { Principal } from '../principal.ts';
import { CEREMONY_TIMEOUT_MS, closeChallenge, openChallenge } from './challenge.ts';
import { insertWebSession, personOfWebSession, revokeWebSession } from './store.ts';
import { formatWebToken, WEB_TOKEN_BYTES } from './web-session.ts';

/** What `navigator.credentials.get` needs. Names no credential, so that nobody learns who is enrolled. */
export async function startSignIn(
  deps: PasskeyDeps,
): Promise<{ challengeId: string; options: PublicKeyCredentialRequestOptionsJSON }> {
  const challenge = await openChallenge(deps, { purpose: 'sign-in', boundTo: '' });
  const options = await generateAuthenticationOptions({
    rpID: deps.party.rpId,
    challenge: challenge.bytes,
    timeout: CEREMONY_TIMEOUT_MS,
    userVerification: 'required',
  });
  return { challengeId: challenge.id, options };
}

function unknownPasskey(): CountersignError {
  return new CountersignError(
    'unauthenticated',
    'This passkey is not enrolled here, or its person was removed. Use another passkey, or ask an approver for an invite.',
  );
}

/** Signs a browser in. `webToken` goes into the cookie. Throws `unauthenticated`. */
export async function finishSignIn(
  deps: PasskeyDeps,
  input: { challengeId: string; response: AuthenticationResponseJSON },
): Promise<{ person: Person; webToken: string }> {
  const { challenge } = await closeChallenge(deps, { id: input.challengeId, purpose: 'sign-in' });
  const { workspace } = deps;
  if (!isCredentialId(input.response.id)) throw unknownPasskey();
  const passkey = await livePasskeyByCredential(deps.database, {
    credentialId: input.response.id,
    workspace,
  });
  if (passkey === undefined) throw unknownPasskey();
  const { party } = deps;
  const { counter } = await acceptAssertion(deps, { party, response: input.response, challenge, passkey });
  const now = deps.now();
  const webToken = formatWebToken(deps.random(WEB_TOKEN_BYTES));
  const applied = await deps.ledger.commit({
    guard: recordPasskeyUse({ passkeyId: passkey.id, counter, now }),
    then: [
      insertWebSession({
        id: deps.newId('web'),
        workspace,
        tokenHash: hashSecret(webToken),
        personId: passkey.personId,
        passkeyId: passkey.id,
        createdAt: now,
        expiresAt: now + LIMITS.webSessionTtlMs,
      }),
    ],
    entries: [
      {
        type: 'approver.signed_in',
        ref: { principal: `person:${passkey.personId}`, action: 'approvers.sign_in' },
        body: { person: passkey.personId, passkey: passkey.id },
      },
    ],
  });
  const person = await personById(deps.database, { id: passkey.personId, workspace });
  if (applied.kind === 'refused' || person === undefined) throw unknownPasskey();
  return { person, webToken };
}

/** Ends the web session of this token; unknown tokens change nothing. */
export async function signOut(deps: PrincipalDeps, webToken: string): Promise<void> {
  await deps.ledger.commit({
    guard: revokeWebSession({ tokenHash: hashSecret(webToken), now: deps.now() }),
    entries: [],
  });
}

/** The person behind a cookie's token, or undefined when it is unknown, expired or revoked, or the person removed. */
export async function authenticateWeb(deps: PrincipalDeps, webToken: string): Promise<Principal | undefined> {
  const person = await personOfWebSession(deps.database, {
    tokenHash: hashSecret(webToken),
    workspace: deps.workspace,
    now: deps.now(),
  });
  return person && { kind: 'person', ...person };
}
