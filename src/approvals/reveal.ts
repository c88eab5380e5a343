import { CountersignError } from '../core/errors.ts';
import { type Approval, stateAt, termsOf } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { type Approver, approverRef, approverRefusal } from './approver.ts';
import { listDecisions } from './list.ts';
import type { OfferDeps } from './offer.ts';
import { insertReveal, type RevealKey, selectReveal } from './reveals/store.ts';
import { approverStands } from './transitions/store.ts';

export type RevealDeps = Pick<OfferDeps, 'database' | 'ledger' | 'now' | 'makerOf'>;

/** Why this person is not shown what policy hides of a call, in one sentence; undefined when they are. */
async function refusalTo(
  deps: RevealDeps,
  { approval, approver }: { approval: Approval; approver: Approver },
): Promise<string | undefined> {
  const decisions = await listDecisions(deps.database, approval.id);
  if (decisions.some((one) => one.approver === approverRef(approver))) return undefined;
  const at = deps.now();
  if (stateAt(approval, at) !== 'pending')
    return `${approval.id} can no longer be decided, so only those who decided it see what is hidden.`;
  const maker = await deps.makerOf(approval);
  const [ordinary, byGlass] = [false, true].map((breakGlass) =>
    approverRefusal(termsOf(approval), approver, { approval, maker, at, breakGlass }),
  );
  return byGlass === undefined ? undefined : ordinary;
}

/**
 * Lets a person see what policy hides of the arguments or the result of a call: only who may decide it at this moment, by
 * breaking the glass if need be, or has decided it. When it returns, the ledger tells of it, once for each person, call and
 * part; nothing may be shown before. Throws `forbidden` with the reason, `not_found` once the call was erased, `conflict`
 * when there is nothing to see, or what the permission rests on has changed meanwhile.
 */
export async function recordReveal(
  deps: RevealDeps,
  input: {
    approval: Approval;
    approver: Approver;
    what: RevealKey['what'];
    /** The pointers to what is hidden of that part. */
    hidden: readonly string[];
  },
): Promise<void> {
  const { approval, approver, what, hidden } = input;
  if (approval.redactedAt !== undefined)
    throw new CountersignError('not_found', `The arguments and the result of ${approval.id} were erased.`);
  if (hidden.length === 0) {
    const there = what === 'arguments' ? `the arguments of ${approval.id}` : `a result of ${approval.id}`;
    throw new CountersignError('conflict', `Policy hides nothing of ${there}; there is nothing to reveal.`);
  }
  const refusal = await refusalTo(deps, input);
  if (refusal !== undefined) throw new CountersignError('forbidden', refusal);
  const by = approverRef(approver);
  const key: RevealKey = { approvalId: approval.id, approver: by, what };
  const isTold = async () => (await deps.database.query(selectReveal(key))).length > 0;
  if (await isTold()) return;
  const told = await deps.ledger.commit({
    guard: insertReveal(key, deps.now(), approverStands(approver)),
    entries: [approvalEntry(approval, { type: 'approval.revealed', principal: by, body: { what } })],
  });
  if (told.kind === 'applied' || (await isTold())) return;
  throw new CountersignError(
    'conflict',
    `Nothing was shown: meanwhile ${approval.id} was decided or erased, or your groups changed. Load the page again.`,
  );
}
