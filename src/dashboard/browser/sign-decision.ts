import { systemClock } from '../../core/clock.ts';
import type { ApprovalDetail } from '../../sdk/approval.ts';
import type { Decision } from '../../sdk/terms.ts';
import type { Api } from './api.ts';
import { verifyStatement } from './model/verify-statement.ts';
import { signStatement } from './sign-statement.ts';

/**
 * Asks for the statement, checks it against what is rendered, has the passkey sign the challenge computed here, and
 * hands it in. Throws a `Refusal` when anything differs; then the passkey was never asked.
 */
export async function signDecision(
  api: Api,
  input: {
    detail: ApprovalDetail;
    /** The view as it stands in the document. */
    view: string;
    decision: Decision;
    reason: string | undefined;
    /** Approves as one of those who may when nobody else can. */
    breakGlass: boolean;
    personId: string;
  },
): Promise<void> {
  const { detail, decision, reason, breakGlass } = input;
  const { approvals } = api.client;
  const statement = await approvals.statement(detail.id, { decision, reason, breakGlass });
  const shown = { ...input, call: detail.call, hostname: location.hostname, now: systemClock() };
  const assertion = await signStatement(statement, () => verifyStatement(statement, shown));
  await approvals.decide(detail.id, { statementId: statement.statementId, assertion });
}
