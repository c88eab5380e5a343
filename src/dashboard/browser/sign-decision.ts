import { startAuthentication } from '@simplewebauthn/browser';
import { systemClock } from '../../core/clock.ts';
import type { ApprovalDetail, Decision } from '../../sdk/approval.ts';
import type { Api } from './api.ts';
import { verifyStatement } from './model/verify-statement.ts';

/** The statement is not what the screen shows. Nothing was signed. */
export interface Refusal extends Error {
  readonly name: 'Refusal';
}

export function isRefusal(error: unknown): error is Refusal {
  return error instanceof Error && error.name === 'Refusal';
}

function refusal(cause: unknown): Refusal {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), { name: 'Refusal' as const });
}

const PROMPT_MS = 120_000;

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
    personId: string;
  },
): Promise<void> {
  const { detail, decision, reason } = input;
  const { approvals } = api.client;
  const statement = await approvals.statement(detail.id, { decision, reason });
  const shown = { ...input, call: detail.call, hostname: location.hostname, now: systemClock() };
  const challenge = await verifyStatement(statement, shown).catch((cause: unknown) => {
    throw refusal(cause);
  });
  const assertion = await startAuthentication({
    optionsJSON: {
      challenge,
      rpId: statement.rpId,
      userVerification: 'required',
      timeout: PROMPT_MS,
      allowCredentials: statement.allowCredentials.map(({ id, transports }) => ({
        id,
        type: 'public-key',
        ...(transports === undefined ? {} : { transports: [...transports] as AuthenticatorTransport[] }),
      })),
    },
  });
  await approvals.decide(detail.id, { statementId: statement.statementId, assertion });
}
