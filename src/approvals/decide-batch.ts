import { statementChallenge } from '../core/digest.ts';
import { CountersignError, isCountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Statement } from '../storage/database.ts';
import type { Approval, Decision } from './approval.ts';
import { type Approver, approverRef } from './approver.ts';
import { batchProblem, buildBatch } from './batch-statement.ts';
import { type DecideDeps, decideApprovalRequest, type VerifiedProof } from './decide.ts';
import { getApproval } from './list.ts';
import { type OfferDeps, offerStatement } from './offer.ts';
import { parseStatement } from './statement.ts';

type Offered = Awaited<ReturnType<typeof offerStatement>>;

/** A statement for each of many approvals, and the one text whose signature decides them all. */
export interface OfferedBatch {
  readonly text: string;
  readonly challenge: Uint8Array;
  /** When the first of them runs out; epoch milliseconds. */
  readonly expiresAt: number;
  readonly statements: readonly (Offered & { readonly approvalId: string })[];
}

/** The signature over a batch. */
export interface VerifiedBatch extends VerifiedProof {
  /** Takes the place of `stillValid` and `then` once the use of the credential was recorded with the first decision. */
  readonly stillEnrolled: Statement;
}

/** How one of a batch came out. */
export type BatchOutcome =
  | { readonly approvalId: string; readonly approval: Approval }
  | { readonly approvalId: string; readonly error: CountersignError };

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

const sortOf = ({ call, verdict: { decidedBy } }: Approval): string =>
  JSON.stringify([call.kind, call.server, call.tool, decidedBy?.rule, decidedBy?.file, decidedBy?.line]);

/** The approvals. Throws `invalid_request` for too many ids, before anything is looked up. */
async function approvalsOf(deps: OfferDeps, ids: readonly string[]): Promise<Approval[]> {
  if (ids.length > LIMITS.batchApprovals) refuse('approvals', `at most ${LIMITS.batchApprovals} ids`);
  return Promise.all(ids.map((id) => getApproval(deps, id)));
}

/** Throws `invalid_request` unless all are of one tool and one rule, and none is critical. */
function checkAlike(approvals: readonly Approval[]): void {
  const [first] = approvals;
  if (first === undefined) refuse('approvals', 'at least one id');
  if (new Set(approvals.map(({ id }) => id)).size !== approvals.length) refuse('approvals', 'each id once');
  const odd = approvals.find((one) => sortOf(one) !== sortOf(first));
  if (odd !== undefined)
    refuse('approvals', `calls of one tool that one rule holds; ${odd.id} is not like ${first.id}`);
  const critical = approvals.find((one) => one.risk === 'critical');
  if (critical !== undefined)
    refuse('approvals', `none that is critical; ${critical.id} is decided by itself`);
}

/**
 * Offers a statement for each approval, and one text over all of them. Each is bound, and can be used once, exactly as if
 * it were offered alone. Throws what `offerStatement` throws, and `invalid_request` for approvals that are not alike.
 */
export async function offerBatch(
  deps: OfferDeps,
  input: {
    readonly approvalIds: readonly string[];
    readonly approver: Approver;
    readonly decision: Decision['decision'];
    readonly reason: string | undefined;
  },
): Promise<OfferedBatch> {
  const { approvalIds, ...rest } = input;
  checkAlike(await approvalsOf(deps, approvalIds));
  const statements: (Offered & { approvalId: string })[] = [];
  for (const approvalId of approvalIds)
    statements.push({ ...(await offerStatement(deps, { ...rest, approvalId })), approvalId });
  const texts = statements.map(({ text }) => text);
  const text = buildBatch({ log: deps.log, approver: approverRef(input.approver), statements: texts });
  return {
    text,
    challenge: statementChallenge(text),
    expiresAt: Math.min(...statements.map((one) => one.expiresAt)),
    statements,
  };
}

/**
 * Decides each approval by its own statement, where `verify` accepts one signature over the batch that lists them all. They
 * are decided one by one, and one that can no longer be does not keep back the others. Throws `invalid_request` for
 * approvals that are not alike, `unauthenticated` or `forbidden` for the signature; then nothing was decided.
 */
export async function decideBatch(
  deps: DecideDeps,
  input: {
    readonly batch: string;
    readonly statements: readonly { readonly approvalId: string; readonly statementId: string }[];
    readonly approver: Approver;
    readonly verify: (challenge: Uint8Array) => Promise<VerifiedBatch>;
  },
): Promise<BatchOutcome[]> {
  const { batch, approver } = input;
  const ids = input.statements.map((one) => one.approvalId);
  checkAlike(await approvalsOf(deps, ids));
  const verified = await input.verify(statementChallenge(batch));
  const proof = JSON.stringify({ ...(JSON.parse(verified.proof) as object), batch });
  const used = { yet: false };
  const outcomes: BatchOutcome[] = [];
  for (const { approvalId, statementId } of input.statements) {
    const covered = async ({ text }: { text: string }): Promise<VerifiedProof> => {
      const problem = batchProblem(batch, {
        log: deps.log,
        approver: approverRef(approver),
        statement: text,
      });
      if (problem !== undefined)
        throw new CountersignError(
          'forbidden',
          `The batch ${problem}. Nothing was decided. Load the page again.`,
        );
      if (parseStatement(text).breakGlass === true)
        throw new CountersignError('forbidden', 'The glass is broken by itself, not in a batch.');
      return used.yet
        ? { ...verified, proof, then: [], stillValid: verified.stillEnrolled }
        : { ...verified, proof };
    };
    try {
      const approval = await decideApprovalRequest(deps, {
        approvalId,
        statementId,
        approver,
        verify: covered,
      });
      used.yet = true;
      outcomes.push({ approvalId, approval });
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      outcomes.push({ approvalId, error });
    }
  }
  return outcomes;
}
