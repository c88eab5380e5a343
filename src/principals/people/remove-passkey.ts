import { CountersignError } from '../../core/errors.ts';
import { actRefused, proveAct, type SignedAct } from '../acts.ts';
import type { PasskeyDeps, PrincipalDeps } from '../deps.ts';
import type { Passkey } from './person.ts';
import { endSessionsOfPasskey, livePasskeys, markPasskeyRemoved } from './store.ts';

/** The passkey that would be removed. Throws `not_found`, and `conflict` for the person's only one. */
export async function removablePasskey(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  input: { personId: string; passkeyId: string },
): Promise<Passkey> {
  const all = await livePasskeys(deps.database, deps.workspace);
  const theirs = all.filter((passkey) => passkey.personId === input.personId);
  const passkey = theirs.find((one) => one.id === input.passkeyId);
  if (passkey === undefined) {
    throw new CountersignError(
      'not_found',
      'This person has no such passkey. GET /v1/approvers lists people with their passkeys.',
    );
  }
  if (theirs.length > 1) return passkey;
  throw new CountersignError(
    'conflict',
    'This is the person’s only passkey. Let them add another first, or remove the person.',
  );
}

/**
 * Removes a passkey as the signed act `passkey.remove` says, and ends the sign-ins that it began. Its person can do it
 * or any other enrolled person, but never of a person's last passkey. Throws as `proveAct` and `removablePasskey` do.
 */
export async function removePasskey(
  deps: PasskeyDeps,
  input: SignedAct & { personId: string; passkeyId: string },
): Promise<void> {
  const { personId: person, passkeyId: passkey } = input;
  const act = await proveAct(deps, { ...input, act: 'passkey.remove', about: { person, passkey } });
  await removablePasskey(deps, { personId: person, passkeyId: passkey });
  const now = deps.now();
  const applied = await deps.ledger.commit({
    guard: markPasskeyRemoved(
      { id: passkey, personId: person, workspace: deps.workspace, now },
      act.stillValid,
    ),
    then: [...act.then, endSessionsOfPasskey({ id: passkey, now })],
    entries: [
      {
        type: 'passkey.removed',
        ref: { principal: act.by, action: 'passkeys.remove' },
        body: { person, passkey, ...act.evidence },
      },
    ],
  });
  if (applied.kind === 'refused')
    throw actRefused('The passkey was removed already, or is now the only one.');
}
