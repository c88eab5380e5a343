import { z } from '@hono/zod-openapi';
import { type Approval, type Decision, termsOf } from '../approvals/approval.ts';
import { toRfc3339 } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';

const decisionSchema = z.object({
  approver: z.string(),
  name: z.string(),
  decision: z.enum(['approve', 'deny']),
  at: z.string(),
});

/** The members that say what approving takes, and how far it has come. */
export const termsShape = {
  quorum: z.object({ needed: z.number(), approvals: z.array(decisionSchema) }),
  groups: z.array(z.string()),
  escalations: z.array(z.object({ after_ms: z.number(), groups: z.array(z.string()), due: z.boolean() })),
  approver: z.enum(['person', 'automation']),
  exclude_requester: z.boolean(),
  authenticator: z.object({
    backup_eligible: z.literal(false).optional(),
    attestation: z.array(z.string()).optional(),
    aaguids: z.array(z.string()).optional(),
  }),
  break_glass: z.object({
    needed: z.number(),
    approvals: z.array(decisionSchema),
    reasons: z.array(z.string()),
  }),
} as const;

const termsSchema = z.object(termsShape);

/** What approving takes, and the decisions so far; those that broke the glass stand apart. */
export function termsBody(
  approval: Approval,
  decisions: readonly Decision[],
  context: { readonly now: number; readonly nameOf: (approver: string) => string },
): z.infer<typeof termsSchema> {
  const terms = termsOf(approval);
  const { attestation, aaguids, backupEligible } = terms.authenticator;
  const bodyOf = (one: Decision) => ({
    approver: one.approver,
    name: context.nameOf(one.approver),
    decision: one.decision,
    at: toRfc3339(one.decidedAt),
  });
  const broken = decisions.filter((one) => one.breakGlass);
  return {
    quorum: { needed: terms.quorum, approvals: decisions.filter((one) => !one.breakGlass).map(bodyOf) },
    groups: [...terms.groups],
    escalations: terms.escalations.map(({ afterMs, groups }) => ({
      after_ms: afterMs,
      groups: [...groups],
      due: context.now >= approval.requestedAt + afterMs,
    })),
    approver: terms.approver,
    exclude_requester: terms.excludeRequester,
    authenticator: {
      ...(backupEligible === undefined ? {} : { backup_eligible: backupEligible }),
      ...(attestation === undefined ? {} : { attestation: [...attestation] }),
      ...(aaguids === undefined ? {} : { aaguids: [...aaguids] }),
    },
    break_glass: {
      needed: LIMITS.breakGlassApprovers,
      approvals: broken.map(bodyOf),
      reasons: broken.flatMap((one) => one.reason ?? []),
    },
  };
}
