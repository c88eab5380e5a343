import type { ApprovalTerms, AuthenticatorTerms } from '../policy/verdict.ts';
import type { Maker } from '../principals/makers/maker.ts';
import type { Approval } from './approval.ts';

/** The group whose members may decide when nobody else can. */
export const BREAK_GLASS_GROUP = 'break-glass';

/** Whoever decides, as authenticated by the door: a person by cookie, or a service account by its own key. */
export interface Approver {
  readonly kind: 'person' | 'service_account';
  readonly id: string;
  readonly groups: readonly string[];
  /** The subject of the sessions whose agents act for this person. */
  readonly subject?: string | undefined;
}

/** What is known of the passkey that signed: the BE flag of this very assertion, and what its enrolment showed. */
export interface Authenticator {
  readonly backupEligible: boolean;
  /** Attestation statement format (WebAuthn Level 3 §8). */
  readonly attestation: string;
  readonly aaguid: string;
}

/** `person:per_…` or `service_account:svc_…`: whom a quorum counts, however many keys they have. */
export function approverRef(approver: Pick<Approver, 'kind' | 'id'>): string {
  return `${approver.kind}:${approver.id}`;
}

/** The groups that may decide at `now`: those of the rule, and those of every escalation that is due. Empty: anyone. */
export function groupsAt(
  terms: Pick<ApprovalTerms, 'groups' | 'escalations'>,
  at: { requestedAt: number; now: number },
): readonly string[] {
  if (terms.groups.length === 0) return [];
  const due = terms.escalations.filter((one) => at.now >= at.requestedAt + one.afterMs);
  return [...new Set([...terms.groups, ...due.flatMap((one) => one.groups)])];
}

/**
 * True when the agent that asks, or whoever else asks, acts for this approver: by their id, their reference, or the
 * subject that stands with them, also as an actor writes it (`user:` and the subject).
 */
function isRequester(
  approval: Pick<Approval, 'subject' | 'requester'>,
  approver: Pick<Approver, 'kind' | 'id' | 'subject'>,
): boolean {
  const { subject } = approver;
  const own = [
    approver.id,
    approverRef(approver),
    ...(subject === undefined ? [] : [subject, `user:${subject}`]),
  ];
  return own.includes(approval.subject) || own.includes(approval.requester);
}

/** What the maker of whoever asks has done to be that. */
function madeWords({ call, requester }: Pick<Approval, 'call' | 'requester'>, keys: number): string {
  const asks = call.kind === 'tool' ? 'minted this session' : 'requested this action';
  if (requester.startsWith('service_account:')) return `registered the service account that ${asks}`;
  if (keys === 0) return asks;
  return keys === 1 ? `made the API key that ${asks}` : `made the API key behind the one that ${asks}`;
}

/** What is asked, by whom and for whom. */
type Asking = Pick<Approval, 'call' | 'subject' | 'requester'>;

/** Why a request is this approver's own, in one sentence: their agent asks, or they made what asks; undefined otherwise. */
export function ownRequest(
  approval: Asking,
  approver: Pick<Approver, 'kind' | 'id' | 'subject'>,
  maker: Maker,
): string | undefined {
  if (isRequester(approval, approver))
    return 'The call was made by your own agent; another person must decide it.';
  if (maker.kind === 'unknown')
    return 'Countersign cannot tell who made the session or the key that asks, so nobody may decide this where the requester is excluded. Mint a new session, or make a new key, and ask anew.';
  if (maker.kind === 'nobody' || maker.person !== approverRef(approver)) return undefined;
  return `You ${madeWords(approval, maker.keys)}; another person must decide it.`;
}

/** When a decision is made, and whether by the way that is left when nobody else can decide. */
export interface Deciding {
  readonly at: number;
  readonly breakGlass: boolean;
}

/** Why the terms do not let this approver decide, in one sentence; undefined when they do. */
export function approverRefusal(
  terms: ApprovalTerms,
  approver: Approver,
  context: Deciding & { approval: Asking & Pick<Approval, 'requestedAt'>; maker: Maker },
): string | undefined {
  const { approval, at, breakGlass, maker } = context;
  const own = ownRequest(approval, approver, maker);
  if ((breakGlass || terms.excludeRequester) && own !== undefined) return own;
  if (breakGlass) {
    if (approver.kind !== 'person') return 'Only people can break the glass.';
    return approver.groups.includes(BREAK_GLASS_GROUP)
      ? undefined
      : `Only people of the group ${BREAK_GLASS_GROUP} can break the glass.`;
  }
  if (approver.kind === 'service_account' && terms.approver !== 'automation')
    return 'The rule that holds this call lets only people decide.';
  const groups = groupsAt(terms, { requestedAt: approval.requestedAt, now: at });
  if (groups.length > 0 && !groups.some((group) => approver.groups.includes(group)))
    return `Only these groups may decide this call: ${groups.join(', ')}.`;
  return undefined;
}

/** Which condition a passkey does not meet; `undefined` stands for a service account, which has none to show. */
export function authenticatorRefusal(
  terms: AuthenticatorTerms,
  shown: Authenticator | undefined,
  breakGlass: boolean,
): string | undefined {
  const { attestation, aaguids } = terms;
  const boundToDevice = breakGlass || terms.backupEligible === false;
  if (!boundToDevice && attestation === undefined && aaguids === undefined) return undefined;
  if (shown === undefined)
    return 'The rule asks for a passkey of a certain kind; a service account has none.';
  if (boundToDevice && shown.backupEligible) {
    const who = breakGlass ? 'Breaking the glass takes' : 'The rule accepts only';
    return `${who} a passkey that is bound to one device, such as a security key; this one can be copied to other devices (it is backup-eligible).`;
  }
  if (attestation !== undefined && !attestation.includes(shown.attestation))
    return `The rule accepts only passkeys that were enrolled with an attestation of the format ${attestation.join(' or ')}; this one was enrolled with "${shown.attestation}".`;
  if (aaguids !== undefined && !aaguids.includes(shown.aaguid.toLowerCase()))
    return `The rule accepts only certain models of authenticators; this one has the AAGUID ${shown.aaguid}, which is not among them.`;
  return undefined;
}
