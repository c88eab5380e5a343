/** Every way a use-case can refuse or fail; the doors map each code to HTTP (api/problem.ts) and MCP (mcp/errors.ts). */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_json'
  | 'payload_too_large'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'expired'
  | 'idempotency_mismatch'
  | 'rate_limited'
  | 'denied_by_policy'
  | 'tool_quarantined'
  | 'config_invalid'
  | 'policy_invalid'
  | 'ledger_unavailable'
  | 'downstream_unavailable'
  | 'outcome_unknown'
  | 'cancelled'
  | 'shutting_down'
  | 'internal';

/** One thing wrong with an input: where it is, what was expected. Shown to the caller as it stands. */
export interface FieldProblem {
  readonly field: string;
  readonly expected: string;
}

/**
 * The only error class. `message` is shown to users: it says what happened, where, and what to do, and never holds
 * a secret or an argument's value. `cause` is for the diagnostics log alone.
 */
export class CountersignError extends Error {
  readonly code: ErrorCode;
  readonly fields: readonly FieldProblem[];

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: readonly FieldProblem[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CountersignError';
    this.code = code;
    this.fields = options.fields ?? [];
  }
}

/** True for errors that were raised on purpose and may be shown to the caller. */
export function isCountersignError(error: unknown): error is CountersignError {
  return error instanceof CountersignError;
}

/** The text of anything thrown, for diagnostics. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
