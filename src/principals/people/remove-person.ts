import { CountersignError } from '../../core/errors.ts';
import { actRefused, proveAct, type SignedAct } from '../acts.ts';
import type { PasskeyDeps, PrincipalDeps } from '../deps.ts';
import type { PersonPrincipal } from '../principal.ts';
import type { Person } from './person.ts';
import { markPersonRemoved, personById, withdrawCredentials } from './store.ts';

/** Who would be removed. Throws `conflict` for oneself and `not_found`. */
export async function removablePerson(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  input: { by: PersonPrincipal; personId: string },
): Promise<Person> {
  if (input.by.id === input.personId) {
    throw new CountersignError(
      'conflict',
      'Nobody can remove themselves. Ask another approver to do it, after inviting one if need be.',
    );
  }
  const person = await personById(deps.database, { id: input.personId, workspace: deps.workspace });
  if (person !== undefined && person.removedAt === undefined) return person;
  throw new CountersignError(
    'not_found',
    'There is no enrolled person with this id. GET /v1/approvers lists them.',
  );
}

/**
 * Removes a person as the signed act `approver.remove` says: their passkeys stop counting, their web sessions end,
 * and their open invites with them, in one transaction. Only another enrolled person can, so that the last one always
 * stays. Throws as `proveAct` and `removablePerson` do.
 */
export async function removePerson(
  deps: PasskeyDeps,
  input: SignedAct & { personId: string },
): Promise<void> {
  const { by, personId } = input;
  const act = await proveAct(deps, { ...input, act: 'approver.remove', about: { person: personId } });
  const person = await removablePerson(deps, { by, personId });
  const now = deps.now();
  const applied = await deps.ledger.commit({
    guard: markPersonRemoved({ id: person.id, by: by.id, workspace: deps.workspace, now }, act.stillValid),
    then: [...act.then, ...withdrawCredentials({ id: person.id, now })],
    entries: [
      {
        type: 'approver.removed',
        ref: { principal: act.by, action: 'approvers.remove' },
        body: { person: person.id, name: person.name, ...act.evidence },
      },
    ],
  });
  if (applied.kind === 'refused') throw actRefused('The person was removed already.');
}
