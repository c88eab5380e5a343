import type { Clock } from '../core/clock.ts';
import { commitment } from '../core/digest.ts';
import { errorText } from '../core/errors.ts';
import type { RandomBytes } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import type { DownstreamOutcome } from '../downstream/catalog.ts';
import type { EntryDraft, EntryType } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Database } from '../storage/database.ts';
import type { Approval, StoredResult } from './approval.ts';
import { approvalFromRow, selectApproval } from './store.ts';
import { claimApproval, settleApproval, stepApproval } from './transitions/store.ts';

export interface ReplayDeps {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly random: RandomBytes;
  /** This process's id, the owner of its leases. */
  readonly owner: string;
  /** Why the approved call may no longer run, or undefined. Any throw counts as a reason. */
  readonly recheck: (approval: Approval) => Promise<string | undefined>;
  /** Whether the session may still act, without I/O; asked immediately before sending. */
  readonly stillAllowed: (approval: Approval) => boolean;
  /** Sends the frozen bytes. The only effect in this file. */
  readonly dispatch: (approval: Approval, attempt: number) => Promise<DownstreamOutcome>;
  readonly onChanged: (approvalId: string) => void;
}

function entry(approval: Approval, type: EntryType, body: EntryDraft['body']): EntryDraft {
  return {
    type,
    ref: {
      approval: approval.id,
      session: approval.sessionId,
      subject: approval.subject,
      action: `${approval.call.server}/${approval.call.tool}`,
    },
    body,
  };
}

async function voidApproval(deps: ReplayDeps, approval: Approval, reason: string): Promise<void> {
  await deps.ledger.commit({
    guard: stepApproval({ id: approval.id, from: ['approved'], to: 'void', reason, at: deps.now() }),
    entries: [entry(approval, 'approval.void', { reason })],
  });
  deps.onChanged(approval.id);
}

interface Settlement {
  readonly state: 'succeeded' | 'failed' | 'unknown';
  readonly result: StoredResult;
  readonly reason: string | undefined;
}

/** What an outcome means for the approval. Only a downstream's answer can succeed; silence is `unknown`. */
export function settlementOf(outcome: DownstreamOutcome): Settlement {
  switch (outcome.kind) {
    case 'result':
      return {
        state: outcome.isError ? 'failed' : 'succeeded',
        result: { kind: 'result', text: outcome.raw },
        reason: outcome.isError ? 'The tool answered with an error.' : undefined,
      };
    case 'error':
      return {
        state: 'failed',
        result: { kind: 'error', text: outcome.raw },
        reason: 'The server refused the call.',
      };
    case 'not_sent':
      return {
        state: 'failed',
        result: { kind: 'note', text: `Nothing was sent: ${outcome.reason}` },
        reason: `Nothing was sent: ${outcome.reason}`,
      };
    case 'unknown':
      return {
        state: 'unknown',
        result: { kind: 'note', text: outcome.reason },
        reason: `It was sent, but its outcome is not known: ${outcome.reason}`,
      };
  }
}

/**
 * Runs an approved call at most once. The claim is durable before anything is sent; whoever does not win it does
 * nothing. A failed re-check makes the approval void. The outcome is recorded only by the holder of the lease; if
 * that fails, the row stays `executing` and becomes `unknown` when its lease ends, never a second dispatch.
 */
export async function replayApproval(deps: ReplayDeps, approvalId: string): Promise<void> {
  const row = (await deps.database.query(selectApproval(approvalId)))[0];
  if (row === undefined || row.state !== 'approved') return;
  const approval = approvalFromRow(row);

  const refusal = await deps
    .recheck(approval)
    .catch((error: unknown) => `The re-check failed: ${errorText(error)}`);
  if (refusal !== undefined) return voidApproval(deps, approval, refusal);

  const now = deps.now();
  const attempt = approval.attempt + 1;
  const leaseUntil = now + LIMITS.replayLeaseMs;
  const claimed = await deps.ledger.commit({
    guard: claimApproval({ id: approval.id, owner: deps.owner, until: leaseUntil, now }),
    entries: [
      entry(approval, 'approval.executing', { attempt, owner: deps.owner, digest: approval.action.commit }),
    ],
  });
  if (claimed.kind === 'refused') return;
  deps.onChanged(approval.id);

  const sendable = deps.now() < Math.min(leaseUntil, approval.expiresAt) && deps.stillAllowed(approval);
  const outcome: DownstreamOutcome = sendable
    ? await deps.dispatch(approval, attempt)
    : {
        kind: 'not_sent',
        code: 'cancelled',
        reason: 'the session was revoked or the approval expired at the last moment.',
      };

  const { state, result, reason } = settlementOf(outcome);
  const salt = deps.random(32);
  const body = {
    state,
    attempt,
    result: commitment(salt, result.text),
    bytes: Buffer.byteLength(result.text),
  };
  const settled = await deps.ledger.commit({
    guard: settleApproval({
      id: approval.id,
      owner: deps.owner,
      attempt,
      state,
      result,
      reason,
      at: deps.now(),
    }),
    entries: [entry(approval, 'approval.outcome', body)],
  });
  if (settled.kind === 'refused') {
    await deps.ledger.commit({ entries: [entry(approval, 'approval.late_result', body)] });
  }
  deps.onChanged(approval.id);
}
