/** One thing wrong with a request: where it is and what was expected. */
export interface FieldProblem {
  readonly field: string;
  readonly expected: string;
}

/**
 * What every call of this client throws, apart from the reason of an aborted `signal`, which is thrown as it is.
 * `code` is the gateway's own (`not_found`, `conflict`, `forbidden`, …) or one of this client's: `network` (no answer
 * came), `timeout` (none came in time), `bad_response` (the answer is not the gateway's), `invalid_signature` (a webhook's message is not the
 * gateway's) and `needs_person` (only a
 * person with a passkey can decide; `approvalUrl` is the page).
 */
export interface CountersignApiError extends Error {
  readonly name: 'CountersignApiError';
  readonly code: string;
  /** HTTP status, or 0 when there was no answer. */
  readonly status: number;
  /** Quote it when you report a fault: it finds the request in the gateway's diagnostics. */
  readonly requestId: string | undefined;
  readonly fields: readonly FieldProblem[];
  /** How long the gateway asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Where a person can decide; only with the code `needs_person`. */
  readonly approvalUrl: string | undefined;
}

export interface ApiErrorParts {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
  readonly requestId?: string | undefined;
  readonly fields?: readonly FieldProblem[];
  readonly retryAfterMs?: number | undefined;
  readonly approvalUrl?: string;
  readonly cause?: unknown;
}

/** Makes the error that `isCountersignApiError` recognises. */
export function apiError(parts: ApiErrorParts): CountersignApiError {
  const error = new Error(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
  return Object.assign(error, {
    name: 'CountersignApiError' as const,
    code: parts.code,
    status: parts.status ?? 0,
    requestId: parts.requestId,
    fields: parts.fields ?? [],
    retryAfterMs: parts.retryAfterMs,
    approvalUrl: parts.approvalUrl,
  });
}

/** True for errors that this client made; it works across copies of the package. */
export function isCountersignApiError(error: unknown): error is CountersignApiError {
  return error instanceof Error && error.name === 'CountersignApiError' && 'code' in error;
}
