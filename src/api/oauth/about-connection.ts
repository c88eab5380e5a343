import type { JsonObject } from '../../core/json.ts';
import { CONNECT_SCOPE, resourceOf } from '../../sessions/oauth/deps.ts';
import { sessionOfToken } from '../../sessions/oauth/known-token.ts';
import type { ApiDeps } from '../context.ts';

/** What is known of a token that an application got by OAuth (RFC 7662 §2.2). `exp` is when this very token ends. */
export async function aboutConnection(deps: ApiDeps, token: string): Promise<JsonObject> {
  const found = await sessionOfToken(deps.oauth, token);
  if (found === undefined) return { active: false };
  const { session, clientId, endsAt } = found;
  return {
    active: true,
    token_type: 'Bearer',
    scope: CONNECT_SCOPE,
    client_id: clientId,
    sub: session.subject,
    aud: resourceOf(deps.oauth),
    iss: deps.publicOrigin,
    iat: Math.floor(session.createdAt / 1_000),
    exp: Math.floor(endsAt / 1_000),
    session: session.id,
  };
}
