import type { NewId, RandomBytes } from '../core/ids.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { Approval } from './approval.ts';
import { commitText, type FrozenCall } from './frozen-call.ts';

const SALT_BYTES = 32;
const INSTANCE_BYTES = 16;

/** What a new approval is made of. Times in epoch milliseconds. */
export interface DraftInput
  extends Pick<
    Approval,
    'workspace' | 'requester' | 'sessionId' | 'subject' | 'exposed' | 'dedupeKey' | 'toolHash' | 'expiresAt'
  > {
  readonly call: FrozenCall;
  readonly verdict: Verdict;
  /** What the approver reads. */
  readonly view: string;
  readonly now: number;
}

/** A pending approval under a new id, its call and view committed to with fresh salts. */
export function draftApproval(deps: { newId: NewId; random: RandomBytes }, input: DraftInput): Approval {
  const { call, verdict, view, now, ...given } = input;
  return {
    ...given,
    id: deps.newId('apr'),
    state: 'pending',
    rev: 1,
    risk: verdict.risk,
    call,
    action: commitText(call.text, deps.random(SALT_BYTES)),
    view: commitText(view, deps.random(SALT_BYTES)),
    policyVersion: verdict.policyVersion,
    verdict,
    instance: Buffer.from(deps.random(INSTANCE_BYTES)).toString('hex'),
    requestedAt: now,
    decidedAt: undefined,
    decidedBy: undefined,
    decisionReason: undefined,
    attempt: 0,
    leaseOwner: undefined,
    leaseUntil: undefined,
    result: undefined,
    outcomeAt: undefined,
    stateReason: undefined,
    escalatedAt: undefined,
    redactedAt: undefined,
  };
}
