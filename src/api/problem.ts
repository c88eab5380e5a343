import { CountersignError, type ErrorCode, type FieldProblem } from '../core/errors.ts';

/** RFC 9457 problem details, with our stable `code` and the request's id. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly fields?: readonly FieldProblem[];
  readonly request_id: string;
}

/** Every error code over HTTP; a missing one does not compile. */
const TABLE: Readonly<
  Record<
    ErrorCode,
    readonly [
      status: 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 500 | 502 | 503 | 504,
      title: string,
    ]
  >
> = {
  invalid_request: [400, 'The request is not valid'],
  invalid_json: [400, 'The body is not acceptable JSON'],
  payload_too_large: [413, 'The body is too large'],
  unauthenticated: [401, 'Authentication is required'],
  forbidden: [403, 'This is not allowed'],
  not_found: [404, 'Not found'],
  conflict: [409, 'The state does not allow this'],
  expired: [410, 'This has expired'],
  idempotency_mismatch: [422, 'The idempotency key belongs to another request'],
  rate_limited: [429, 'Too many requests'],
  denied_by_policy: [403, 'Policy denies this'],
  tool_quarantined: [409, 'The tool is quarantined'],
  config_invalid: [500, 'The configuration is not valid'],
  policy_invalid: [422, 'The policy is not valid'],
  ledger_unavailable: [503, 'The ledger cannot be written'],
  downstream_unavailable: [502, 'A server behind the gateway is not available'],
  outcome_unknown: [502, 'The outcome is not known'],
  cancelled: [409, 'This was cancelled'],
  shutting_down: [503, 'The gateway is shutting down'],
  internal: [500, 'Something went wrong'],
};

/** Anything thrown, as a problem document. What was not raised on purpose tells nothing but the request's id. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof CountersignError;
  const code: ErrorCode = known ? error.code : 'internal';
  const [status, title] = TABLE[code];
  return {
    type: `urn:countersign:problem:${code}`,
    title,
    status,
    code,
    detail: known ? error.message : `Something went wrong. The diagnostics log has it under ${requestId}.`,
    ...(known && error.fields.length > 0 ? { fields: error.fields } : {}),
    request_id: requestId,
  };
}

/** The problem of a path that exists under other methods (RFC 9110 §15.5.6). */
export function methodProblem(
  request: { method: string; path: string; allowed: readonly string[] },
  requestId: string,
): Problem {
  const detail = `${request.path} does not answer ${request.method}. Use ${request.allowed.join(' or ')}.`;
  return {
    ...problemOf(new CountersignError('invalid_request', detail), requestId),
    title: 'The method is not allowed here',
    status: 405,
  };
}
