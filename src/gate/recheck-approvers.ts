import type { Approval } from '../approvals/approval.ts';
import {
  type Approver,
  type Authenticator,
  approverRefusal,
  authenticatorRefusal,
} from '../approvals/approver.ts';
import type { SignedDecision } from '../approvals/list-signed.ts';
import { approversOf, outcomeOf } from '../approvals/quorum.ts';
import type { ApprovalTerms } from '../policy/verdict.ts';
import type { Maker } from '../principals/makers/maker.ts';

/** Whoever decided, as they are enrolled now, with the passkey that signed. */
export interface ApproverNow {
  readonly groups: readonly string[];
  readonly subject?: string | undefined;
  readonly authenticator?: Authenticator | undefined;
}

export interface RecheckApproversDeps {
  readonly decisions: (approvalId: string) => Promise<SignedDecision[]>;
  /** Undefined when the approver, or the key that signed, is no longer enrolled. */
  readonly approverNow: (
    signed: Pick<SignedDecision, 'approver' | 'proof'>,
  ) => Promise<ApproverNow | undefined>;
  /** Who made what asked. */
  readonly makerOf: (approval: Pick<Approval, 'requester'>) => Promise<Maker>;
}

interface Standing {
  readonly made: SignedDecision;
  readonly approver: Approver;
  readonly authenticator: Authenticator | undefined;
}

function standingOf(made: SignedDecision, now: ApproverNow): Standing {
  const [kind, id = ''] = made.approver.split(':');
  return {
    made,
    approver: {
      kind: kind === 'person' ? 'person' : 'service_account',
      id,
      groups: now.groups,
      subject: now.subject,
    },
    authenticator: now.authenticator,
  };
}

/** Why one of those who approved could not do so again on these terms. */
function termsRefusal(
  { approval, maker }: { approval: Approval; maker: Maker },
  standing: readonly Standing[],
  terms: ApprovalTerms,
): string | undefined {
  for (const { made, approver, authenticator } of standing) {
    const { breakGlass } = made;
    // An escalation that had widened the groups when the decision was made has done so for good.
    const refusal =
      approverRefusal(terms, approver, { approval, maker, at: made.decidedAt, breakGlass }) ??
      authenticatorRefusal(terms.authenticator, authenticator, breakGlass);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/**
 * Everyone on whose approval it rests must still be enrolled, with the key that signed, and still be one whom the terms
 * let decide: the terms at the time of the request, and those of the policy in force where it still holds it. Returns
 * why that is not so, or undefined.
 */
export async function approversRefusal(
  deps: RecheckApproversDeps,
  approval: Approval,
  inForce: ApprovalTerms | undefined,
): Promise<string | undefined> {
  const decisions = await deps.decisions(approval.id);
  const frozen = approval.verdict.approval;
  const rests = outcomeOf(decisions, frozen?.quorum ?? 1);
  if (rests.state !== 'approved') return 'It has not been approved by as many people as it takes.';
  const breakGlass = rests.basis === 'break_glass';
  const counted = decisions.filter((one) => one.decision === 'approve' && one.breakGlass === breakGlass);
  const found = await Promise.all(counted.map((made) => deps.approverNow(made)));
  const standing = counted.flatMap((made, at) => {
    const now = found[at];
    return now === undefined ? [] : [standingOf(made, now)];
  });
  if (standing.length < counted.length)
    return 'Someone who approved it, or the passkey that they used, is no longer enrolled.';
  const maker = await deps.makerOf(approval);
  for (const terms of [frozen, inForce]) {
    if (terms === undefined) continue;
    const approvals = approversOf(counted, breakGlass).length;
    if (!breakGlass && approvals < terms.quorum)
      return `Policy asks for ${terms.quorum} approvals; it has ${approvals}.`;
    const refusal = termsRefusal({ approval, maker }, standing, terms);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
