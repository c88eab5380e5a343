import { statementChallenge } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { Change } from '../ledger/ledger.ts';
import type { Statement } from '../storage/database.ts';
import { type Approval, type Decision, termsOf } from './approval.ts';
import { type Approver, type Authenticator, approverRef, authenticatorRefusal } from './approver.ts';
import { decisionEntries } from './decision-entries.ts';
import { getApproval } from './list.ts';
import { checkMayDecide, decisionsBefore, type OfferDeps } from './offer.ts';
import { approversOf, capabilityTtlMs, outcomeOf } from './quorum.ts';
import { parseStatement } from './statement.ts';
import {
  approverStands,
  decideApproval,
  insertDecision,
  selectStatement,
  useStatement,
} from './transitions/store.ts';

/** A verified signature over a statement: what to store, and what else to write in the same transaction. */
export interface VerifiedProof {
  /** JSON text with the raw assertion or signature, base64url. */
  readonly proof: string;
  readonly then: readonly Statement[];
  /** A condition of the decision's guard: the credential is still enrolled at the moment of commit. */
  readonly stillValid: Statement;
  /** The passkey that signed; a service account has none. */
  readonly authenticator: Authenticator | undefined;
}

/** What a change brings with it in another feature: rows and entries of the same transaction. */
export interface Alongside {
  readonly then: readonly Statement[];
  readonly entries: readonly EntryDraft[];
}

/** One person broke the glass for one approval. */
export interface BreakGlassUse {
  readonly approval: string;
  readonly approver: string;
  readonly reason: string;
  /** How many have by now, and how many it takes. */
  readonly approvals: number;
  readonly needed: number;
}

export interface DecideDeps extends OfferDeps {
  /** The single-use right that approving releases. `approval` is approved and ends when the right does. */
  readonly release: (approval: Approval, at: number) => Alongside;
  /** Called after a decision is durable. */
  readonly onDecided: (approval: Approval) => void;
  /** Called after a decision that broke the glass is durable; to be made loud. */
  readonly onBreakGlass: (use: BreakGlassUse) => void;
}

interface DecideInput {
  readonly approvalId: string;
  readonly statementId: string;
  readonly approver: Approver;
  readonly verify: (statement: { text: string; challenge: Uint8Array }) => Promise<VerifiedProof>;
}

const MAX_ROUNDS = 8;

/** The offered statement, read back. Throws `forbidden` for another approval's or approver's, `conflict` for a used one. */
async function offeredStatement(deps: DecideDeps, input: DecideInput) {
  const offered = (await deps.database.query(selectStatement(input.statementId)))[0];
  const by = approverRef(input.approver);
  if (offered === undefined || offered.approval_id !== input.approvalId || offered.approver !== by) {
    throw new CountersignError(
      'forbidden',
      'This statement was not offered to you for this approval. Load the page again.',
    );
  }
  if (offered.used_at != null)
    throw new CountersignError('conflict', 'This statement was used already. Load the page again.');
  const text = String(offered.text);
  const { decision, reason, breakGlass = false } = parseStatement(text);
  return { text, decision, reason, breakGlass, expiresAt: Number(offered.expires_at) };
}

/**
 * Records a decision whose signature `verify` accepts over exactly the offered statement. One winner: the row changes
 * only from `pending`, unexpired, at the revision that was read, by a statement not used before, of an approver who is
 * then still enrolled in the same groups. A quorum counts people, not keys; breaking the glass is counted apart.
 * Throws `conflict` when another decision or expiry came first, `forbidden` when this approver or this passkey may not
 * decide, which says what is missing.
 */
export async function decideApprovalRequest(deps: DecideDeps, input: DecideInput): Promise<Approval> {
  const { approver } = input;
  const by = approverRef(approver);
  const { text, decision, reason, breakGlass, expiresAt } = await offeredStatement(deps, input);
  const verified = await input.verify({ text, challenge: statementChallenge(text) });

  // A quorum's other decisions change the revision; each round reads again, and a bounded number is plenty.
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const now = deps.now();
    const approval = await getApproval(deps, input.approvalId);
    await checkMayDecide(deps, { approval, approver }, { at: now, breakGlass });
    const terms = termsOf(approval);
    const unfit = authenticatorRefusal(terms.authenticator, verified.authenticator, breakGlass);
    if (unfit !== undefined) throw new CountersignError('forbidden', `${unfit} Nothing was decided.`);
    if (expiresAt <= now)
      throw new CountersignError('expired', 'The statement has expired. Load the page again.');
    const earlier = await decisionsBefore(deps.database, { approvalId: approval.id, by });
    const made: Decision = { approver: by, decision, reason, breakGlass, decidedAt: now };
    const all = [...earlier, made];
    const { state, basis } = outcomeOf(all, terms.quorum);
    const endsAt = now + capabilityTtlMs(terms, basis === 'break_glass');
    // Built, not read back: once the decision is durable, nothing may keep the replay from being started.
    const decided: Approval = {
      ...approval,
      state,
      rev: approval.rev + 1,
      expiresAt: state === 'approved' ? endsAt : approval.expiresAt,
      decidedAt: state === 'pending' ? undefined : now,
      decidedBy: by,
      decisionReason: reason,
    };
    const broken =
      breakGlass && reason !== undefined ? { reason, approvals: approversOf(all, true).length } : undefined;
    const released = state === 'approved' ? deps.release(decided, now) : { then: [], entries: [] };
    const change: Change = {
      guard: decideApproval({
        id: approval.id,
        rev: approval.rev,
        state,
        at: now,
        expiresAt: decided.expiresAt,
        by,
        reason,
        statementId: input.statementId,
        conditions: [verified.stillValid, approverStands(approver)],
      }),
      then: [
        useStatement(input.statementId, now),
        insertDecision({
          id: deps.newId('dec'),
          workspace: approval.workspace,
          approvalId: approval.id,
          approver: by,
          decision,
          reason,
          statement: text,
          proof: verified.proof,
          breakGlass,
          at: now,
        }),
        ...verified.then,
        ...released.then,
      ],
      entries: [
        ...decisionEntries(approval, {
          by,
          decision,
          statement: text,
          proof: verified.proof,
          breakGlass: broken,
          outcome: basis === undefined ? { state } : { state, basis, expiresAt: endsAt },
        }),
        ...released.entries,
      ],
    };
    if (await commitDecision(deps, change, input.statementId)) {
      const use = { approval: approval.id, approver: by, needed: LIMITS.breakGlassApprovers };
      if (broken !== undefined) deps.onBreakGlass({ ...use, ...broken });
      deps.onDecided(decided);
      return decided;
    }
  }
  throw new CountersignError(
    'conflict',
    'The decision was not recorded: your passkey or you were removed, your groups changed, or others decided meanwhile. Load the page again.',
  );
}

/** True when the decision is durable. After a COMMIT whose fate was not reported, the statement's row tells it. */
async function commitDecision(deps: DecideDeps, change: Change, statementId: string): Promise<boolean> {
  try {
    return (await deps.ledger.commit(change)).kind === 'applied';
  } catch (error) {
    const offered = (await deps.database.query(selectStatement(statementId)))[0];
    if (offered?.used_at != null) return true;
    throw error;
  }
}
