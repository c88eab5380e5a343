import { LIMITS } from '../core/limits.ts';
import type { ApprovalShape, EscalationShape } from './approval-schema.ts';
import type { ApprovalTerms, AuthenticatorTerms, Escalation } from './verdict.ts';
import { parseDuration } from './yaml-value.ts';

const CAPABILITY_TTL_DEFAULT_MS = 5 * 60_000;

function asList<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value as T];
}

/** In the order of time, each group once, and none that may decide from the start. Where anyone may, there are none. */
function inOrder(all: readonly Escalation[], groups: readonly string[]): Escalation[] {
  if (groups.length === 0) return [];
  const known = new Set(groups);
  const times = [...new Set(all.map((one) => one.afterMs))].sort((a, b) => a - b);
  return times.flatMap((afterMs) => {
    const named = all.filter((one) => one.afterMs === afterMs).flatMap((one) => one.groups);
    const added = [...new Set(named)].filter((group) => !known.has(group)).sort();
    for (const group of added) known.add(group);
    return added.length === 0 ? [] : [{ afterMs, groups: added }];
  });
}

/** Lists sorted and each value once, so that equal terms are equal values. */
export function authenticatorTerms(shape: ApprovalShape['authenticator']): AuthenticatorTerms {
  const { backup_eligible: backupEligible, attestation, aaguids } = shape ?? {};
  return {
    ...(backupEligible === undefined ? {} : { backupEligible }),
    ...(attestation === undefined ? {} : { attestation: [...new Set(attestation)].sort() }),
    ...(aaguids === undefined
      ? {}
      : { aaguids: [...new Set(aaguids.map((one) => one.toLowerCase()))].sort() }),
  };
}

export function escalationsOf(shapes: readonly EscalationShape[]): Escalation[] {
  return shapes.map(({ after, groups }) => ({ afterMs: parseDuration(after) ?? 0, groups }));
}

/** A rule's terms, every member that it leaves out taken from the policy's defaults, then from ours. */
export function approvalTerms(
  own: ApprovalShape | undefined,
  defaults: ApprovalShape | undefined,
): ApprovalTerms {
  const merged = { ...defaults, ...own, capability: { ...defaults?.capability, ...own?.capability } };
  const approver = merged.approver ?? 'person';
  const groups = merged.groups ?? [];
  return {
    groups,
    quorum: merged.quorum ?? 1,
    passkey: merged.passkey ?? approver === 'person',
    approver,
    excludeRequester: merged.exclude_requester ?? true,
    expiresMs: parseDuration(merged.expires ?? '') ?? LIMITS.approvalExpiryDefaultMs,
    escalations: inOrder(escalationsOf(asList(merged.escalate)), groups),
    authenticator: authenticatorTerms(merged.authenticator),
    capability: {
      uses: 1,
      ttlMs: parseDuration(merged.capability.ttl ?? '') ?? CAPABILITY_TTL_DEFAULT_MS,
      dpop: merged.capability.dpop ?? false,
    },
  };
}

/** What is wrong with a block that a schema accepts; `path` is below `approval`. */
export interface ApprovalProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks a block against the terms that it leads to. `inRule` is false for the defaults, which rules may complete. */
export function approvalProblems(
  own: ApprovalShape | undefined,
  { terms, inRule }: { terms: ApprovalTerms; inRule: boolean },
): ApprovalProblem[] {
  if (own === undefined) return [];
  const problems: ApprovalProblem[] = [];
  const report = (path: ApprovalProblem['path'], message: string) => problems.push({ path, message });
  const tooLong = (text: string | undefined) => (parseDuration(text ?? '') ?? 0) > LIMITS.approvalExpiryMaxMs;
  if (tooLong(own.expires)) report(['expires'], 'expected at most 7d');
  if (tooLong(own.capability?.ttl)) report(['capability'], 'expected a ttl of at most 7d');
  if (own.passkey === false && own.approver !== 'automation') {
    report(
      ['passkey'],
      'a person always decides with a passkey; leave this out, or say approver: automation',
    );
  }
  for (const [index, escalation] of asList(own.escalate).entries()) {
    const path = Array.isArray(own.escalate) ? ['escalate', index] : ['escalate'];
    if ((parseDuration(escalation.after) ?? 0) >= terms.expiresMs)
      report([...path, 'after'], 'expected less than expires; by then the request has ended');
    if (inRule && terms.groups.length === 0)
      report([...path, 'groups'], 'anyone who is enrolled may decide already; name approval.groups too');
  }
  const asksForPasskey = Object.keys(terms.authenticator).length > 0;
  if (inRule && asksForPasskey && terms.approver === 'automation') {
    const path = own.authenticator === undefined ? ['approver'] : ['authenticator'];
    report(
      path,
      'a service account has no passkey; say approver: person, or authenticator: {} to ask for nothing',
    );
  }
  return problems;
}

function shared(lists: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...rest] = lists;
  return first?.filter((one) => rest.every((list) => list.includes(one)));
}

function mergeAuthenticators(all: readonly AuthenticatorTerms[]): AuthenticatorTerms {
  const attestation = shared(all.flatMap((terms) => (terms.attestation ? [terms.attestation] : [])));
  const aaguids = shared(all.flatMap((terms) => (terms.aaguids ? [terms.aaguids] : [])));
  return {
    ...(all.some((terms) => terms.backupEligible === false) ? { backupEligible: false as const } : {}),
    ...(attestation === undefined ? {} : { attestation }),
    ...(aaguids === undefined ? {} : { aaguids }),
  };
}

/**
 * Strictest quorum, union of groups (none named: anyone enrolled) and of escalations, shortest expiry, a person if any
 * rule wants one, and passkeys that every rule accepts.
 */
export function mergeApprovals(all: readonly ApprovalTerms[]): ApprovalTerms {
  const approver = all.some((terms) => terms.approver === 'person') ? 'person' : 'automation';
  const groups = [...new Set(all.flatMap((terms) => terms.groups))].sort();
  return {
    groups,
    quorum: Math.max(...all.map((terms) => terms.quorum)),
    passkey: approver === 'person' || all.some((terms) => terms.passkey),
    approver,
    excludeRequester: all.some((terms) => terms.excludeRequester),
    expiresMs: Math.min(...all.map((terms) => terms.expiresMs)),
    escalations: inOrder(
      all.flatMap((terms) => terms.escalations),
      groups,
    ),
    authenticator: mergeAuthenticators(all.map((terms) => terms.authenticator)),
    capability: {
      uses: 1,
      ttlMs: Math.min(...all.map((terms) => terms.capability.ttlMs)),
      dpop: all.some((terms) => terms.capability.dpop),
    },
  };
}

/** The terms of an action that policy allows: nobody's decision is needed, and the capability is released at once. */
export function withoutDecision(terms: ApprovalTerms): ApprovalTerms {
  return { ...terms, groups: [], quorum: 0, escalations: [], authenticator: {} };
}

/** The member of `authenticator` that no passkey can meet, because the rules that were merged share no value of it. */
export function unmeetable(terms: ApprovalTerms): 'attestation' | 'aaguids' | undefined {
  const { attestation, aaguids } = terms.authenticator;
  if (attestation?.length === 0) return 'attestation';
  return aaguids?.length === 0 ? 'aaguids' : undefined;
}
