import { canonicalize } from '../core/canonical.ts';
import { statementChallenge } from '../core/digest.ts';
import { errorText } from '../core/errors.ts';
import { isJsonObject, parseStrict } from '../core/json.ts';

const TYPE = 'batch-statement/v1';
const HEX_256 = /^[0-9a-f]{64}$/;

/** What stands in a batch for a statement: its challenge in hex. */
export function batchDigest(statement: string): string {
  return Buffer.from(statementChallenge(statement)).toString('hex');
}

/**
 * One text over many approval statements, for one signature: RFC 8785 text of `{typ, log, approver, statements}`, the last
 * one a list of the challenges of the statements in hex. Each statement is single-use and has its own nonce and end, so the
 * batch needs none.
 */
export function buildBatch(batch: {
  readonly log: string;
  readonly approver: string;
  /** Texts of approval statements. */
  readonly statements: readonly string[];
}): string {
  const { log, approver, statements } = batch;
  return canonicalize({ typ: TYPE, log, approver, statements: statements.map(batchDigest) });
}

/** Why a batch does not cover a statement by this approver of this log, or undefined. It completes "the batch …". */
export function batchProblem(
  text: string,
  expected: { readonly log: string; readonly approver: string; readonly statement: string },
): string | undefined {
  let batch: unknown;
  try {
    batch = parseStrict(text);
  } catch (error) {
    return `is not JSON (${errorText(error)})`;
  }
  if (!isJsonObject(batch) || canonicalize(batch) !== text) return 'is not in canonical form (RFC 8785)';
  const { typ, log, approver, statements } = batch;
  if (typ !== TYPE || Object.keys(batch).length !== 4) return `is not exactly a ${TYPE}`;
  if (log !== expected.log) return 'is of another log';
  if (approver !== expected.approver) return 'is of another approver';
  if (!Array.isArray(statements) || !statements.every((one) => typeof one === 'string' && HEX_256.test(one)))
    return 'does not list digests of statements';
  if (new Set(statements).size !== statements.length) return 'lists a statement twice';
  return statements.includes(batchDigest(expected.statement)) ? undefined : 'does not list this statement';
}
