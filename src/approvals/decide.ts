import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId, RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { EntryDraft } from '../ledger/entry.ts';
import type { Change, Ledger } from '../ledger/ledger.ts';
import type { Reader, Statement } from '../storage/database.ts';
import { type Approval, type Decision, stateAfter, stateAt, termsOf } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import { parseReason } from './reason.ts';
import { buildStatement, statementChallenge } from './statement.ts';
import { approvalFromRow, decisionFromRow, selectApproval, selectDecisionsOf } from './store.ts';
import {
  decideApproval,
  insertDecision,
  insertStatement,
  selectStatement,
  useStatement,
} from './transitions/store.ts';

/** Whoever decides, as authenticated by the door: a person by cookie, or a service account by its own key. */
export interface Approver {
  readonly kind: 'person' | 'service_account';
  readonly id: string;
  readonly groups: readonly string[];
}

/** A verified signature over a statement: what to store, and what else to write in the same transaction. */
export interface VerifiedProof {
  /** JSON text with the raw assertion or signature, base64url. */
  readonly proof: string;
  readonly then: readonly Statement[];
  /** A condition of the decision's guard: the credential is still enrolled at the moment of commit. */
  readonly stillValid: Statement;
}

/** What a change brings with it in another feature: rows and entries of the same transaction. */
export interface Alongside {
  readonly then: readonly Statement[];
  readonly entries: readonly EntryDraft[];
}

export interface DecideDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  /** The log's origin, named in every statement. */
  readonly log: string;
  /** The single-use right that approving releases. `approval` is approved and ends when the right does. */
  readonly release: (approval: Approval, at: number) => Alongside;
  /** Called after a decision is durable. */
  readonly onDecided: (approval: Approval) => void;
}

const MAX_ROUNDS = 8;

export function approverRef(approver: Approver): string {
  return `${approver.kind}:${approver.id}`;
}

async function load(deps: DecideDeps, id: string): Promise<Approval> {
  const row = (await deps.database.query(selectApproval(id)))[0];
  if (row === undefined) throw new CountersignError('not_found', `There is no approval ${id}.`);
  return approvalFromRow(row);
}

/** Throws unless the approver may decide this approval at this moment. */
function checkMayDecide(approval: Approval, approver: Approver, now: number): void {
  const state = stateAt(approval, now);
  if (state === 'expired') {
    throw new CountersignError('conflict', `${approval.id} has expired. The agent must make the call again.`);
  }
  if (state !== 'pending')
    throw new CountersignError('conflict', `${approval.id} is already ${state}; a decision is final.`);
  const terms = termsOf(approval);
  if (approver.kind === 'service_account' && terms.approver !== 'automation') {
    throw new CountersignError('forbidden', 'The rule that holds this call lets only people decide.');
  }
  if (terms.groups.length > 0 && !terms.groups.some((group) => approver.groups.includes(group))) {
    throw new CountersignError(
      'forbidden',
      `Only these groups may decide this call: ${terms.groups.join(', ')}.`,
    );
  }
  const own = [approver.id, approverRef(approver)];
  if (terms.excludeRequester && own.includes(approval.subject)) {
    throw new CountersignError(
      'forbidden',
      'This call was made by your own agent; another person must decide it.',
    );
  }
}

/**
 * Writes the statement that the approver is to sign: single-use, short-lived, bound to the approval, the decision,
 * the reason and the approver. The challenge is its digest.
 */
export async function offerStatement(
  deps: DecideDeps,
  input: { approvalId: string; approver: Approver; decision: 'approve' | 'deny'; reason: string | undefined },
): Promise<{ id: string; text: string; challenge: Uint8Array; expiresAt: number }> {
  const now = deps.now();
  const approval = await load(deps, input.approvalId);
  checkMayDecide(approval, input.approver, now);
  await decisionsBefore(deps, approval, approverRef(input.approver));
  const reason = parseReason('reason', input.reason);
  const expiresAt = Math.min(now + LIMITS.statementTtlMs, approval.expiresAt);
  const id = deps.newId('stm');
  const terms = termsOf(approval);
  const text = buildStatement({
    log: deps.log,
    approval: approval.id,
    instance: approval.instance,
    decision: input.decision,
    ...(reason === undefined ? {} : { reason }),
    actionCommit: approval.action.commit,
    viewCommit: approval.view.commit,
    toolHash: approval.toolHash,
    policyVersion: approval.policyVersion,
    approver: approverRef(input.approver),
    scope: { aud: approval.call.server, uses: 1, ttl: Math.max(1, Math.ceil(terms.capability.ttlMs / 1000)) },
    nonce: Buffer.from(deps.random(32)).toString('base64url'),
    exp: Math.floor(expiresAt / 1000),
  });
  await deps.ledger.commit({
    guard: insertStatement({
      id,
      workspace: approval.workspace,
      approvalId: approval.id,
      approver: approverRef(input.approver),
      decision: input.decision,
      reason,
      text,
      createdAt: now,
      expiresAt,
    }),
    entries: [],
  });
  return { id, text, challenge: statementChallenge(text), expiresAt };
}

/**
 * Records a decision whose signature `verify` accepts over exactly the offered statement. One winner: the row changes
 * only from `pending`, unexpired, at the revision that was read, by a statement not used before. Throws `conflict`
 * when another decision or expiry came first, `forbidden` when this approver may not decide.
 */
export async function decideApprovalRequest(
  deps: DecideDeps,
  input: {
    approvalId: string;
    statementId: string;
    approver: Approver;
    verify: (statement: { text: string; challenge: Uint8Array }) => Promise<VerifiedProof>;
  },
): Promise<Approval> {
  const by = approverRef(input.approver);
  const offered = (await deps.database.query(selectStatement(input.statementId)))[0];
  if (offered === undefined || offered.approval_id !== input.approvalId || offered.approver !== by) {
    throw new CountersignError(
      'forbidden',
      'This statement was not offered to you for this approval. Load the page again.',
    );
  }
  if (offered.used_at != null)
    throw new CountersignError('conflict', 'This statement was used already. Load the page again.');
  const text = String(offered.text);
  const verified = await input.verify({ text, challenge: statementChallenge(text) });
  const decision = offered.decision === 'approve' ? 'approve' : 'deny';
  const reason = offered.reason == null ? undefined : String(offered.reason);

  // A quorum's other decisions change the revision; each round reads again, and a bounded number is plenty.
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const now = deps.now();
    const approval = await load(deps, input.approvalId);
    checkMayDecide(approval, input.approver, now);
    if (Number(offered.expires_at) <= now)
      throw new CountersignError('expired', 'The statement has expired. Load the page again.');
    const earlier = await decisionsBefore(deps, approval, by);
    const terms = termsOf(approval);
    const state = stateAfter(decision, earlier, terms.quorum);
    // Built, not read back: once the decision is durable, nothing may keep the replay from being started.
    const decided: Approval = {
      ...approval,
      state,
      rev: approval.rev + 1,
      expiresAt: state === 'approved' ? now + terms.capability.ttlMs : approval.expiresAt,
      decidedAt: state === 'pending' ? undefined : now,
      decidedBy: by,
      decisionReason: reason,
    };
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
        stillValid: verified.stillValid,
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
          at: now,
        }),
        ...verified.then,
        ...released.then,
      ],
      entries: [
        ...decisionEntries(approval, { by, decision, state, statement: text, proof: verified.proof }),
        ...released.entries,
      ],
    };
    if (await commitDecision(deps, change, input.statementId)) {
      deps.onDecided(decided);
      return decided;
    }
  }
  throw new CountersignError(
    'conflict',
    'The decision was not recorded: your passkey was removed or used elsewhere, or others decided meanwhile. Load the page again.',
  );
}

/** The decisions made so far. Throws `conflict` when one of them is this approver's. */
async function decisionsBefore(deps: DecideDeps, approval: Approval, by: string): Promise<Decision[]> {
  const earlier = (await deps.database.query(selectDecisionsOf([approval.id]))).map(decisionFromRow);
  if (earlier.some((one) => one.approver === by))
    throw new CountersignError('conflict', 'You have decided this call already.');
  return earlier;
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

function decisionEntries(
  approval: Approval,
  made: {
    by: string;
    decision: string;
    state: 'approved' | 'denied' | 'pending';
    statement: string;
    proof: string;
  },
): EntryDraft[] {
  const { by: principal, decision, state, statement, proof } = made;
  const body = { decision, statement, proof };
  const decided = approvalEntry(approval, { type: 'approval.decided', principal, body });
  if (state === 'pending') return [decided];
  return [decided, approvalEntry(approval, { type: `approval.${state}`, principal, body: {} })];
}
