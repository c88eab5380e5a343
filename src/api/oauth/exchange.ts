import { exchangeCapability } from '../../capabilities/exchange.ts';
import type { Binding } from '../../capabilities/token.ts';
import { toRfc3339 } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { accountThumbprint } from '../../principals/machine/issue-token.ts';
import { principalRef } from '../../principals/principal.ts';
import { narrowSession } from '../../sessions/narrow.ts';
import { accessTokenEnd } from '../../sessions/oauth/known-token.ts';
import { mcpAccess } from '../../sessions/session.ts';
import { authenticateClient } from '../authenticate.ts';
import { type ApiContext, type ApiDeps, hasRole } from '../context.ts';
import { type Form, wholeNumberOf } from './form.ts';

export const APPROVAL_TYPE = 'urn:countersign:params:oauth:token-type:approval';
export const SESSION_TYPE = 'urn:countersign:params:oauth:token-type:session';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** The caller as the holder of approvals: a service account, or an API key with the role requester. */
async function holderOf(
  deps: ApiDeps,
  c: ApiContext,
): Promise<{ readonly holder: string; readonly binding: Binding | undefined }> {
  const { principal, jkt } = await authenticateClient(deps, c);
  if (principal.kind !== 'service_account' && !hasRole(principal, ['requester']))
    throw new CountersignError(
      'forbidden',
      'Only a service account, or an API key with the role requester, has approvals to exchange.',
    );
  const holder = principalRef(principal);
  if (jkt !== undefined) return { holder, binding: { jkt, proven: true } };
  const registered =
    principal.kind === 'service_account' ? await accountThumbprint(deps.principals, principal.id) : undefined;
  return { holder, binding: registered === undefined ? undefined : { jkt: registered, proven: false } };
}

/** An approved action for its capability's token, once (RFC 8693 §2). */
async function exchangeApproval(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const { holder, binding } = await holderOf(deps, c);
  const exchanged = await exchangeCapability(deps.capabilities, {
    approvalId: form.require('subject_token', 'the id of an approval'),
    holder,
    actor: form.get('actor'),
    binding,
  });
  return c.json({
    access_token: exchanged.token,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: exchanged.tokenType,
    expires_in: exchanged.expiresInSeconds,
    authorization_details: exchanged.authorizationDetails,
  });
}

/**
 * How long a child lasts; undefined: as long as its parent. A child of OAuth's access token never outlasts that token, or
 * a connection would go on without the refreshing that ends it. Throws `invalid_request` naming `expires_in`.
 */
async function childTtl(
  deps: ApiDeps,
  asked: { token: string; ttlMs: number | undefined },
): Promise<number | undefined> {
  const { token, ttlMs } = asked;
  const end = await accessTokenEnd(deps.oauth, token);
  const left = end === undefined ? undefined : Math.max(0, end - deps.now());
  if (left === undefined || ttlMs === undefined) return left ?? ttlMs;
  if (ttlMs <= left) return ttlMs;
  const expected = `at most ${Math.floor(left / 1_000)} seconds, because the access token ends then. Refresh it first`;
  throw new CountersignError('invalid_request', `expires_in: expected ${expected}`, {
    fields: [{ field: 'expires_in', expected }],
  });
}

/** A session for a child of it; its own token is all that is needed. */
async function exchangeSession(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const scope = form.get('scope');
  const seconds = wholeNumberOf(form, 'expires_in', { min: 1, max: LIMITS.sessionTtlMaxMs / 1_000 });
  const callCap = wholeNumberOf(form, 'call_cap', { min: 1, max: Number.MAX_SAFE_INTEGER });
  const parent = form.require('subject_token', 'the token of a session');
  const ttlMs = await childTtl(deps, {
    token: parent,
    ttlMs: seconds === undefined ? undefined : seconds * 1_000,
  });
  const { session, token } = await narrowSession(deps.narrow, {
    token: parent,
    ...(scope === undefined ? {} : { tools: scope.split(' ').filter((pattern) => pattern !== '') }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(callCap === undefined ? {} : { callCap }),
  });
  const { url, secretUrl, headers } = mcpAccess(deps.publicOrigin, token);
  return c.json({
    access_token: token,
    issued_token_type: SESSION_TYPE,
    token_type: 'Bearer',
    expires_in: Math.floor((session.expiresAt - session.createdAt) / 1_000),
    scope: session.scope.join(' '),
    session: session.id,
    expires_at: toRfc3339(session.expiresAt),
    mcp: { url, secret_url: secretUrl, headers: { ...headers } },
  });
}

/** The token exchange of RFC 8693, by the type of what is handed in. Throws `invalid_request`. */
export function exchangeToken(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const type = form.require('subject_token_type', `${APPROVAL_TYPE} or ${SESSION_TYPE}`);
  if (type === APPROVAL_TYPE) return exchangeApproval(deps, c, form);
  if (type === SESSION_TYPE) return exchangeSession(deps, c, form);
  const expected = `${APPROVAL_TYPE} or ${SESSION_TYPE}`;
  throw new CountersignError('invalid_request', `subject_token_type: expected ${expected}`, {
    fields: [{ field: 'subject_token_type', expected }],
  });
}
