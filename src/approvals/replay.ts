import type { Clock } from '../core/clock.ts';
import { commitment } from '../core/digest.ts';
import { errorText } from '../core/errors.ts';
import type { RandomBytes } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { FinalOutcome } from '../downstream/catalog.ts';
import type { EntryDraft, EntryType } from '../ledger/entry.ts';
import type { Change, Ledger } from '../ledger/ledger.ts';
import type { Reader, Statement } from '../storage/database.ts';
import type { Approval, StoredResult } from './approval.ts';
import { approvalEntry } from './approval-entry.ts';
import type { Alongside } from './decide.ts';
import { plainNote } from './reason.ts';
import { approvalFromRow, selectApproval } from './store.ts';
import { claimApproval, settleApproval, stepApproval } from './transitions/store.ts';

export interface ReplayDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  readonly random: RandomBytes;
  /** This process's id, the owner of its leases. */
  readonly owner: string;
  /** Why the approved call may no longer run, or undefined. Any throw counts as a reason. */
  readonly recheck: (approval: Approval) => Promise<string | undefined>;
  /** Whether the session may still act, without I/O; asked immediately before sending. */
  readonly stillAllowed: (approval: Approval) => boolean;
  /** The spending of the approval's capability, for the claim's transaction. A throw makes the approval void. */
  readonly spend: (approval: Approval) => Promise<Spent>;
  /** Sends the frozen bytes. The only effect in this file. */
  readonly dispatch: (
    approval: Approval,
    sending: { attempt: number; token: string | undefined },
  ) => Promise<FinalOutcome>;
  readonly onChanged: (approvalId: string) => void;
}

/** How a capability is spent: a condition of the claim, what is written beside it, and what a downstream may be shown. */
export interface Spent extends Alongside {
  readonly condition: Statement;
  readonly token?: string;
}

interface Settlement {
  readonly state: 'succeeded' | 'failed' | 'unknown';
  readonly result: StoredResult;
  readonly reason: string | undefined;
}

function noted(state: 'failed' | 'unknown', reason: string): Settlement {
  const text = plainNote(reason);
  return { state, result: { kind: 'note', text }, reason: text };
}

/** What an outcome means for the approval. Only a downstream's answer can succeed; silence is `unknown`. */
export function settlementOf(outcome: FinalOutcome): Settlement {
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
    case 'input_required':
      return noted(
        'failed',
        'The server asked for input, and nobody is there to answer for an approved call.',
      );
    case 'not_sent':
      return noted('failed', `Nothing was sent: ${outcome.reason}`);
    case 'unknown':
      return noted('unknown', `It was sent, but its outcome is not known: ${outcome.reason}`);
  }
}

function entry(approval: Approval, type: EntryType, body: JsonObject): EntryDraft {
  return approvalEntry(approval, { type, body });
}

async function load(deps: ReplayDeps, id: string): Promise<Approval | undefined> {
  const row = (await deps.database.query(selectApproval(id)))[0];
  return row === undefined ? undefined : approvalFromRow(row);
}

async function voidApproval(deps: ReplayDeps, approval: Approval, reason: string): Promise<void> {
  await deps.ledger.commit({
    guard: stepApproval({ id: approval.id, from: 'approved', to: 'void', reason, at: deps.now() }),
    entries: [entry(approval, 'approval.void', { reason })],
  });
  deps.onChanged(approval.id);
}

/** Why the approved call may not run, or undefined. The stored bytes must still be the ones that were signed. */
async function refusalOf(deps: ReplayDeps, approval: Approval): Promise<string | undefined> {
  const { text, salt, commit } = approval.action;
  if (commitment(Buffer.from(salt, 'hex'), text) !== commit)
    return 'The stored call is not the one that was approved.';
  try {
    const refusal = await deps.recheck(approval);
    return refusal === undefined ? undefined : plainNote(refusal);
  } catch (error) {
    return plainNote(`The re-check failed: ${errorText(error)}`);
  }
}

async function spendOrReason(deps: ReplayDeps, approval: Approval): Promise<Spent | string> {
  try {
    return await deps.spend(approval);
  } catch (error) {
    return plainNote(`Its capability cannot be spent: ${errorText(error)}`);
  }
}

interface Claim {
  readonly attempt: number;
  readonly leaseUntil: number;
  readonly token: string | undefined;
  /** False when COMMIT did not report that the claim is on disk; then nothing may be sent. */
  readonly durable: boolean;
}

/** Takes the lease in a transaction of its own. Undefined when another took it, or the approval or session has ended. */
async function claim(
  deps: ReplayDeps,
  { approval, spent }: { approval: Approval; spent: Spent },
): Promise<Claim | undefined> {
  const now = deps.now();
  const attempt = approval.attempt + 1;
  const leaseUntil = now + LIMITS.replayLeaseMs;
  const taken = { attempt, leaseUntil, token: spent.token };
  const body = { attempt, owner: deps.owner, digest: approval.action.commit };
  try {
    const claimed = await deps.ledger.commit({
      guard: claimApproval({
        id: approval.id,
        owner: deps.owner,
        until: leaseUntil,
        now,
        condition: spent.condition,
      }),
      then: spent.then,
      entries: [entry(approval, 'approval.executing', body), ...spent.entries],
    });
    return claimed.kind === 'refused' ? undefined : { ...taken, durable: true };
  } catch (error) {
    const held = await load(deps, approval.id);
    const isOurs = held?.leaseOwner === deps.owner && held.attempt === attempt;
    if (held?.state === 'executing' && isOurs) return { ...taken, durable: false };
    throw error;
  }
}

function notSent(reason: string): FinalOutcome {
  return { kind: 'not_sent', code: 'cancelled', reason };
}

async function send(deps: ReplayDeps, approval: Approval, held: Claim): Promise<FinalOutcome> {
  if (!held.durable) return notSent('the ledger did not confirm that the dispatch was recorded.');
  if (deps.now() >= Math.min(held.leaseUntil, approval.expiresAt) || !deps.stillAllowed(approval))
    return notSent('the session was revoked or the approval expired at the last moment.');
  try {
    return await deps.dispatch(approval, { attempt: held.attempt, token: held.token });
  } catch (error) {
    return { kind: 'unknown', reason: `sending it ended early (${errorText(error)}).` };
  }
}

/**
 * Records the outcome while this owner and attempt hold the lease. A COMMIT whose fate was not reported is tried once
 * more: the fence lets only one of the two through. An outcome that comes after the lease is recorded as late.
 */
async function settle(
  deps: ReplayDeps,
  approval: Approval,
  found: { attempt: number; outcome: FinalOutcome },
): Promise<void> {
  const { attempt } = found;
  const settlement = settlementOf(found.outcome);
  const { state, result } = settlement;
  const salt = deps.random(32);
  const bytes = Buffer.byteLength(result.text);
  const body = { state, attempt, result: commitment(salt, result.text), bytes };
  const change = (): Change => ({
    guard: settleApproval({
      ...settlement,
      salt: Buffer.from(salt).toString('hex'),
      id: approval.id,
      owner: deps.owner,
      attempt,
      at: deps.now(),
    }),
    entries: [entry(approval, 'approval.outcome', body)],
  });
  const settled = await deps.ledger.commit(change()).catch(() => deps.ledger.commit(change()));
  if (settled.kind === 'applied') return;
  const present = await load(deps, approval.id);
  const isOurs = present?.attempt === attempt && present.state === state;
  if (isOurs && present.result?.text === result.text) return;
  await deps.ledger.commit({ entries: [entry(approval, 'approval.late_result', body)] });
}

/**
 * Runs an approved call at most once. The claim is durable before anything is sent; whoever does not win it does
 * nothing. A failed re-check makes the approval void. The outcome is recorded only by the holder of the lease; if
 * that fails, the row stays `executing` and becomes `unknown` when its lease ends, never a second dispatch.
 */
export async function replayApproval(deps: ReplayDeps, approvalId: string): Promise<void> {
  const approval = await load(deps, approvalId);
  if (approval?.state !== 'approved') return;
  const refusal = await refusalOf(deps, approval);
  if (refusal !== undefined) return voidApproval(deps, approval, refusal);

  const spent = await spendOrReason(deps, approval);
  if (typeof spent === 'string') return voidApproval(deps, approval, spent);
  const held = await claim(deps, { approval, spent });
  if (held === undefined) {
    // What ended between the re-check and the claim (the session, say) is found by looking again.
    const ended = await refusalOf(deps, approval);
    return ended === undefined ? undefined : voidApproval(deps, approval, ended);
  }
  deps.onChanged(approval.id);
  const outcome = await send(deps, approval, held);
  await settle(deps, approval, { attempt: held.attempt, outcome });
  deps.onChanged(approval.id);
}
