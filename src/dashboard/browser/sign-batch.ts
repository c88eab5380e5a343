import { systemClock } from '../../core/clock.ts';
import type { ApprovalDetail } from '../../sdk/approval.ts';
import type { BatchOutcome } from '../../sdk/batches.ts';
import type { Decision } from '../../sdk/terms.ts';
import type { Api } from './api.ts';
import { verifyBatch } from './model/verify-batch.ts';
import { signStatement } from './sign-statement.ts';

/**
 * Asks for a statement for each call, checks all of them against what is rendered, has the passkey sign the challenge of
 * the one text over them computed here, and hands it in. Throws a `Refusal` when anything differs; then the passkey was
 * never asked.
 */
export async function signBatch(
  api: Api,
  input: {
    /** In the order in which they are shown, each with its view as it stands in the document. */
    readonly calls: readonly { readonly detail: ApprovalDetail; readonly view: string }[];
    readonly decision: Decision;
    readonly reason: string | undefined;
    readonly personId: string;
  },
): Promise<readonly BatchOutcome[]> {
  const { calls, decision, reason, personId } = input;
  const { batches } = api.client;
  const approvals = calls.map(({ detail }) => detail.id);
  const batch = await batches.statement({ approvals, decision, reason });
  const same = { decision, reason, personId, hostname: location.hostname, now: systemClock() };
  const shown = calls.map(({ detail, view }) => ({ ...same, detail, view, call: detail.call }));
  const whole = { ...batch, statementId: '', statement: batch.batch };
  const assertion = await signStatement(whole, () => verifyBatch(batch, shown));
  return batches.decide({ batch: batch.batch, statements: batch.statements, assertion });
}
