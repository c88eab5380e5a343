import { CountersignError, type ErrorCode } from '../../core/errors.ts';
import type { ApiContext, ApiDeps } from '../context.ts';
import { problemOf } from '../problem.ts';

type Refusal = readonly [status: 400 | 401 | 413 | 429 | 500 | 503, error: string];

/** Every error code as an OAuth error (RFC 6749 §5.2); a missing one does not compile. */
const TABLE: Readonly<Record<ErrorCode, Refusal>> = {
  invalid_request: [400, 'invalid_request'],
  invalid_json: [400, 'invalid_request'],
  payload_too_large: [413, 'invalid_request'],
  unauthenticated: [401, 'invalid_client'],
  forbidden: [400, 'unauthorized_client'],
  not_found: [400, 'invalid_grant'],
  conflict: [400, 'invalid_grant'],
  expired: [400, 'invalid_grant'],
  idempotency_mismatch: [400, 'invalid_request'],
  rate_limited: [429, 'temporarily_unavailable'],
  denied_by_policy: [400, 'access_denied'],
  tool_quarantined: [400, 'invalid_grant'],
  config_invalid: [500, 'server_error'],
  policy_invalid: [500, 'server_error'],
  ledger_unavailable: [503, 'temporarily_unavailable'],
  downstream_unavailable: [503, 'temporarily_unavailable'],
  outcome_unknown: [500, 'server_error'],
  cancelled: [400, 'invalid_grant'],
  shutting_down: [503, 'temporarily_unavailable'],
  internal: [500, 'server_error'],
};

/** Some fields have an error of their own (RFC 9449 §5, RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 8707 §2, RFC 7591 §3.2.2). */
const BY_FIELD: Readonly<Record<string, string>> = {
  DPoP: 'invalid_dpop_proof',
  scope: 'invalid_scope',
  grant_type: 'unsupported_grant_type',
  token_type: 'unsupported_token_type',
  resource: 'invalid_target',
  redirect_uris: 'invalid_redirect_uri',
  client_metadata: 'invalid_client_metadata',
};

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof CountersignError)) return TABLE.internal;
  const special = BY_FIELD[(error.fields[0]?.field ?? '').replace(/\[\d+\]$/, '')];
  return special === undefined ? TABLE[error.code] : [400, special];
}

/** The characters that RFC 6749 §5.2 allows in a description. */
function plain(text: string): string {
  return text
    .replaceAll(/["“”]/g, "'")
    .replaceAll('’', "'")
    .replaceAll('…', '...')
    .replaceAll(/[^\x20-\x7e]|\\/g, '?');
}

/**
 * Runs an endpoint; what it throws becomes an OAuth error, with our own `code` and the request's id beside it. A request that
 * no header speaks for counts against its address; for another the endpoint counts, once it knows whether it looks at the
 * header at all.
 */
export async function answerOauth(
  c: ApiContext,
  deps: Pick<ApiDeps, 'log' | 'limiter'>,
  run: () => Promise<Response>,
): Promise<Response> {
  try {
    if (c.req.header('authorization') === undefined) deps.limiter.takeFromStranger(c);
    return await run();
  } catch (error) {
    const problem = problemOf(error, c.get('requestId'));
    const [status, name] = refusalOf(error);
    if (status >= 500) deps.log.error({ err: error, request: problem.request_id }, 'a request failed');
    if (status === 401) c.header('www-authenticate', 'Bearer, DPoP algs="ES256 EdDSA Ed25519"');
    return c.json(
      {
        error: name,
        error_description: plain(problem.detail),
        code: problem.code,
        request_id: problem.request_id,
      },
      status,
    );
  }
}
