import type { JsonObject } from '../core/json.ts';
import type { AuthenticatorTerms } from '../policy/verdict.ts';
import { type Approval, termsOf } from './approval.ts';

/** How long a released capability lasts, in whole seconds of at least one, as statements and entries name it. */
export function ttlSeconds(ttlMs: number): number {
  return Math.max(1, Math.ceil(ttlMs / 1000));
}

function authenticatorBody(terms: AuthenticatorTerms): JsonObject {
  const { backupEligible, attestation, aaguids } = terms;
  return {
    ...(backupEligible === undefined ? {} : { backup_eligible: backupEligible }),
    ...(attestation === undefined ? {} : { attestation: [...attestation] }),
    ...(aaguids === undefined ? {} : { aaguids: [...aaguids] }),
  };
}

/**
 * The body of `approval.requested`: what is asked and everything that decides who may answer, so that a reader of the
 * ledger alone can judge every later decision. Commitments only, never arguments. Times in epoch milliseconds.
 */
export function requestedBody(approval: Approval): JsonObject {
  const terms = termsOf(approval);
  const { verdict } = approval;
  return {
    kind: approval.call.kind,
    action: approval.action.commit,
    view: approval.view.commit,
    instance: approval.instance,
    tool_def: approval.toolHash,
    policy: approval.policyVersion,
    rule: verdict.decidedBy?.rule ?? null,
    effect: verdict.effect,
    risk: approval.risk,
    aud: approval.call.server,
    quorum: terms.quorum,
    groups: [...terms.groups],
    approver: terms.approver,
    exclude_requester: terms.excludeRequester,
    escalations: terms.escalations.map(({ afterMs, groups }) => ({ after_ms: afterMs, groups: [...groups] })),
    authenticator: authenticatorBody(terms.authenticator),
    capability: { ttl_s: ttlSeconds(terms.capability.ttlMs), dpop: terms.capability.dpop },
    expires_at: approval.expiresAt,
  };
}
