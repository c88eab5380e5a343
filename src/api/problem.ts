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

type Status = 400 | 401 | 403 | 404 | 409 | 410 | 413 | 422 | 429 | 500 | 502 | 503 | 504;

interface Kind {
  readonly status: Status;
  readonly title: string;
  /** What whoever meets it can do. */
  readonly advice: string;
}

/** Every error code over HTTP; a missing one does not compile. */
export const PROBLEM_KINDS: Readonly<Record<ErrorCode, Kind>> = {
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    advice: 'Each entry of fields names a member and what was expected there. Nothing was done.',
  },
  invalid_json: {
    status: 400,
    title: 'The body is not acceptable JSON',
    advice:
      'Send strict JSON: no member twice, no number that changes when it is read, well-formed UTF-8. Nothing was done.',
  },
  payload_too_large: {
    status: 413,
    title: 'The body is too large',
    advice: 'Send less, or in parts. Nothing was done.',
  },
  unauthenticated: {
    status: 401,
    title: 'Authentication is required',
    advice:
      'Send an API key or access token that is in force, or sign in. A key that was revoked does not come back.',
  },
  forbidden: {
    status: 403,
    title: 'This is not allowed',
    advice: 'Whoever asks may not do this; detail says who may. Asking again does not help.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    advice: 'There is no such thing, or it is not yours to see: the two are not told apart.',
  },
  conflict: {
    status: 409,
    title: 'The state does not allow this',
    advice:
      'Read the state again: somebody was faster, or it is settled. With Retry-After, ask again after that time.',
  },
  expired: {
    status: 410,
    title: 'This has expired',
    advice: 'Ask for a new one: a statement, a link, an approval.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The idempotency key belongs to another request',
    advice: 'Use a new key for a new request; the old key stands for what was sent first.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    advice: 'Wait for the seconds in Retry-After, then go on more slowly.',
  },
  denied_by_policy: {
    status: 403,
    title: 'Policy denies this',
    advice:
      'The rule and its reason stand in detail. An operator can change the policy; repeating the request does not help.',
  },
  tool_quarantined: {
    status: 409,
    title: 'The tool is quarantined',
    advice:
      'Its server has changed it, and nobody has accepted that, or an operator refused it; detail says which. An operator sees the change with: countersign server diff.',
  },
  config_invalid: {
    status: 500,
    title: 'The configuration is not valid',
    advice: 'An operator corrects the file and line that detail names.',
  },
  policy_invalid: {
    status: 422,
    title: 'The policy is not valid',
    advice: 'Correct the file and line that detail names; the policy in force stays what it was.',
  },
  ledger_unavailable: {
    status: 503,
    title: 'The ledger cannot be written',
    advice:
      'Nothing is done that cannot be recorded. Look at the disk; then read the state again before you repeat anything.',
  },
  downstream_unavailable: {
    status: 502,
    title: 'A server behind the gateway is not available',
    advice: 'Nothing was sent to it. countersign server list says why; it is tried again by itself.',
  },
  outcome_unknown: {
    status: 502,
    title: 'The outcome is not known',
    advice: 'It was sent and may have run. Check at the server before anything is repeated.',
  },
  cancelled: { status: 409, title: 'This was cancelled', advice: 'Ask anew if it is still wanted.' },
  shutting_down: {
    status: 503,
    title: 'The gateway is shutting down',
    advice: 'Nothing was done. Ask again in a moment.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong',
    advice:
      'A defect. The diagnostics log has it under request_id; read the state before you repeat a change.',
  },
};

/** Anything thrown, as a problem document. What was not raised on purpose tells nothing but the request's id. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = error instanceof CountersignError;
  const code: ErrorCode = known ? error.code : 'internal';
  const { status, title } = PROBLEM_KINDS[code];
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
