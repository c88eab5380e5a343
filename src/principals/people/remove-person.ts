import { CountersignError } from '../../core/errors.ts';
import type { PrincipalDeps } from '../deps.ts';
import { type Principal, principalRef } from '../principal.ts';
import { markPersonRemoved, personById, withdrawCredentials } from './store.ts';

/**
 * Removes a person: their passkeys stop counting, their web sessions end, and their open invites with them, in one
 * transaction. Only another enrolled person can, so that the last one always stays. Throws `forbidden`, `not_found`,
 * and `conflict` for oneself.
 */
export async function removePerson(
  deps: PrincipalDeps,
  input: { by: Principal; personId: string },
): Promise<void> {
  const { by, personId } = input;
  const refusal =
    'Only another enrolled person can remove a person. Sign in to the dashboard with a passkey.';
  if (by.kind !== 'person') throw new CountersignError('forbidden', refusal);
  if (by.id === personId) {
    throw new CountersignError(
      'conflict',
      'Nobody can remove themselves. Ask another approver to do it, after inviting one if need be.',
    );
  }
  const person = await personById(deps.database, { id: personId, workspace: deps.workspace });
  if (person === undefined || person.removedAt !== undefined) {
    throw new CountersignError(
      'not_found',
      'There is no enrolled person with this id. GET /v1/approvers lists them.',
    );
  }
  const now = deps.now();
  const applied = await deps.ledger.commit({
    guard: markPersonRemoved({ id: personId, by: by.id, workspace: deps.workspace, now }),
    then: withdrawCredentials({ id: personId, now }),
    entries: [
      {
        type: 'approver.removed',
        ref: { principal: principalRef(by), action: 'approvers.remove' },
        body: { person: personId, name: person.name },
      },
    ],
  });
  if (applied.kind === 'refused') throw new CountersignError('forbidden', refusal);
}
