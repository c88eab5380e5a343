import { CONNECT_SCOPE } from '../../sessions/oauth/deps.ts';
import type { ConnectedTokens } from '../../sessions/oauth/grant.ts';
import { redeemCode } from '../../sessions/oauth/redeem-code.ts';
import { refreshConnection } from '../../sessions/oauth/refresh-token.ts';
import type { ApiContext, ApiDeps } from '../context.ts';
import type { Form } from './form.ts';

function answer(c: ApiContext, tokens: ConnectedTokens): Response {
  return c.json({
    access_token: tokens.accessToken,
    token_type: 'Bearer',
    expires_in: tokens.expiresInSeconds,
    refresh_token: tokens.refreshToken,
    scope: CONNECT_SCOPE,
  });
}

/** A code for a session (RFC 6749 §4.1.3). The clients are public: what proves them is the verifier. */
export async function connectByCode(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const tokens = await redeemCode(deps.oauth, {
    code: form.require('code', 'the code of the redirect'),
    clientId: form.require('client_id', 'the id of the application'),
    redirectUri: form.require('redirect_uri', 'the redirect URI of the authorization request'),
    verifier: form.require('code_verifier', 'the PKCE verifier (RFC 7636 §4.5)'),
    resource: form.get('resource'),
  });
  return answer(c, tokens);
}

/** The next tokens of a session (RFC 6749 §6). */
export async function connectByRefresh(deps: ApiDeps, c: ApiContext, form: Form): Promise<Response> {
  const tokens = await refreshConnection(deps.oauth, {
    token: form.require('refresh_token', 'the newest refresh token'),
    clientId: form.require('client_id', 'the id of the application'),
    resource: form.get('resource'),
  });
  return answer(c, tokens);
}
