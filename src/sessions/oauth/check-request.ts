import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { OauthClient } from './client.ts';
import { type OauthDeps, resourceOf } from './deps.ts';
import { isNamedRedirect, redirectWith } from './redirect.ts';
import { readParameters, requestRefusal } from './request.ts';
import { type Consenter, sealConsent } from './sealed-consent.ts';

/** A request that a person can answer, or one that is refused and may be told so by the redirect `returnTo`. */
export type CheckedRequest = {
  readonly client: OauthClient;
  readonly redirectUri: string;
} & (
  | { readonly kind: 'ask'; readonly consent: string; readonly expiresAt: number }
  | { readonly kind: 'refused'; readonly error: string; readonly why: string; readonly returnTo: string }
);

function refuse(field: string, expected: string): CountersignError {
  return new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

async function clientOf(deps: Pick<OauthDeps, 'findClient'>, id: string | undefined): Promise<OauthClient> {
  if (id === undefined) throw refuse('client_id', 'the id of the application, but it is missing');
  const client = await deps.findClient(id);
  if (client !== undefined) return client;
  throw refuse(
    'client_id',
    'the https address of a metadata document, or an id from POST /oauth/register that is still known; remove the connection in the application and add it again',
  );
}

/**
 * Checks what a client asks a signed-in person for, by the query of the authorization endpoint (RFC 6749 §4.1.1).
 * Nothing is stored, and the person's browser goes nowhere by itself. Throws `invalid_request` as long as it is not
 * certain to whom an answer may go: an unknown client, a redirect URI that it has not named, a parameter that is repeated.
 */
export async function checkRequest(
  deps: OauthDeps,
  input: { query: string; by: Consenter },
): Promise<CheckedRequest> {
  const parameters = readParameters(input.query);
  if ('bad' in parameters) throw refuse(parameters.bad, 'this parameter once, and without NUL');
  const client = await clientOf(deps, parameters.get('client_id'));
  const redirectUri = parameters.get('redirect_uri') ?? '';
  if (!isNamedRedirect(redirectUri, client.redirectUris))
    throw refuse('redirect_uri', 'exactly one that the application has named; nothing was sent to it');
  const state = parameters.get('state');
  const refusal = requestRefusal(parameters, resourceOf(deps));
  if (refusal !== undefined) {
    const { error, expected: why } = refusal;
    const answer = { error, error_description: why.replaceAll('"', "'"), state, iss: deps.origin };
    return { kind: 'refused', client, redirectUri, error, why, returnTo: redirectWith(redirectUri, answer) };
  }
  const expiresAt = deps.now() + LIMITS.oauthConsentTtlMs;
  const consent = sealConsent(deps, input.by, {
    id: deps.newId('con'),
    clientId: client.id,
    clientName: client.name,
    clientKind: client.kind,
    redirectUri,
    state,
    challenge: parameters.get('code_challenge') ?? '',
    expiresAt,
  });
  return { kind: 'ask', client, redirectUri, consent, expiresAt };
}
