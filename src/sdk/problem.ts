import { apiError, type CountersignApiError, type FieldProblem } from './api-error.ts';

interface ProblemWire {
  readonly title?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: readonly FieldProblem[];
  readonly request_id?: string;
  /** In the answers of the OAuth endpoints (RFC 6749 §5.2). */
  readonly error_description?: string;
}

/**
 * Milliseconds that `Retry-After` asks for (RFC 9110 §10.2.3). A date is measured against the answer's own `Date`,
 * so that a wrong local clock does no harm. Undefined when absent or unreadable.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1_000;
  const ms = Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function parseProblem(text: string): ProblemWire {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as ProblemWire) : {};
  } catch {
    // A proxy in between answers with a page of its own; the status alone then says what happened.
    return {};
  }
}

const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'payload_too_large',
  429: 'rate_limited',
};

/**
 * The error for an answer that is not 2xx: problem+json (RFC 9457) or an OAuth error (RFC 6749 §5.2) where the body is
 * one, else from the status.
 */
export function problemFrom(response: Response, text: string): CountersignApiError {
  const problem = parseProblem(text);
  return apiError({
    code: problem.code ?? CODE_BY_STATUS[response.status] ?? 'bad_response',
    message:
      problem.detail ??
      problem.error_description ??
      problem.title ??
      `The gateway answered with status ${response.status}.`,
    status: response.status,
    requestId: problem.request_id ?? response.headers.get('x-request-id') ?? undefined,
    fields: Array.isArray(problem.fields) ? problem.fields : [],
    retryAfterMs: retryAfterMs(response.headers),
  });
}
