import type { ApprovalDetail } from '../../../sdk/approval.ts';
import { durationWords } from './time.ts';

/** What the page needs to know of whoever is signed in. */
interface Reader {
  readonly id: string;
  readonly groups: readonly string[];
}

const BREAK_GLASS_GROUP = 'break-glass';

type Waiting = Pick<
  ApprovalDetail,
  'quorum' | 'groups' | 'escalations' | 'breakGlass' | 'requestedAt' | 'state'
>;

/** The same, and whose request it is. */
type Decidable = Waiting & Pick<ApprovalDetail, 'excludeRequester' | 'ownRequest'>;

const dueAt = (detail: Waiting, afterMs: number): number => Date.parse(detail.requestedAt) + afterMs;

/** Who may decide at `now`; empty: anyone. */
export function groupsNow(detail: Waiting, now: number): readonly string[] {
  if (detail.groups.length === 0) return [];
  const due = detail.escalations.filter((one) => now >= dueAt(detail, one.afterMs));
  return [...detail.groups, ...due.flatMap((one) => one.groups)];
}

function ownVote(detail: Waiting, me: Reader) {
  const votes = [...detail.quorum.approvals, ...detail.breakGlass.approvals];
  return votes.find((vote) => vote.approver === `person:${me.id}`);
}

/** Why this person cannot decide this call in the ordinary way, if they cannot. */
export function hindrance(detail: Decidable, me: Reader, now: number): string | undefined {
  const voted = ownVote(detail, me);
  if (voted !== undefined) return `You have decided already (${voted.decision}). Another approver is needed.`;
  if (detail.excludeRequester && detail.ownRequest !== null) return detail.ownRequest;
  const groups = groupsNow(detail, now);
  if (groups.length === 0 || groups.some((group) => me.groups.includes(group))) return undefined;
  return `Only these groups can decide this call: ${groups.join(', ')}. You are not in them.`;
}

/** Whether this person may approve by the way that is left when nobody else can decide. */
export function mayBreakGlass(detail: Decidable, me: Reader): boolean {
  return (
    detail.state === 'pending' &&
    me.groups.includes(BREAK_GLASS_GROUP) &&
    detail.ownRequest === null &&
    ownVote(detail, me) === undefined
  );
}

/** Whether this person may see what policy hides of the call: they may decide it now, or have decided it. */
export function mayReveal(detail: Decidable, me: Reader, now: number): boolean {
  if (ownVote(detail, me) !== undefined) return true;
  if (detail.state !== 'pending') return false;
  return hindrance(detail, me, now) === undefined || mayBreakGlass(detail, me);
}

/** What escalations have done, and will do. */
export function escalationLines(detail: Waiting, now: number): readonly string[] {
  return detail.escalations.map(({ afterMs, groups }) => {
    const named = groups.join(', ');
    const left = dueAt(detail, afterMs) - now;
    return left <= 0
      ? `Too few decided for ${durationWords(afterMs)}; now also: ${named}.`
      : `In ${durationWords(left)} also: ${named}.`;
  });
}

/** `1 of 2 approvals`. */
export function progressLine(detail: Waiting): string {
  const { needed, approvals } = detail.quorum;
  const given = approvals.filter((vote) => vote.decision === 'approve').length;
  return `${given} of ${needed} ${needed === 1 ? 'approval' : 'approvals'}`;
}

/** What the passkey of an approver must be, in words; empty when any will do. */
export function authenticatorLines(terms: ApprovalDetail['authenticator']): readonly string[] {
  const { attestation, aaguids, backupEligible } = terms;
  return [
    ...(backupEligible === false ? ['Only with a passkey that is bound to one device.'] : []),
    ...(attestation === undefined
      ? []
      : [`Only with a passkey that was attested as ${attestation.join(' or ')}.`]),
    ...(aaguids === undefined
      ? []
      : [`Only with certain models of authenticators (AAGUID ${aaguids.join(', ')}).`]),
  ];
}
