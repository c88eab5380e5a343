import {
  exchangeAuthorization,
  fetchToken,
  IssuerMismatchError,
  type OAuthClientInformationMixed,
  type OAuthClientProvider,
  OAuthError,
  refreshAuthorization,
  registerClient,
  startAuthorization,
  validateAuthorizationResponseIssuer,
} from '@modelcontextprotocol/client';
import type { Clock } from '../../core/clock.ts';
import { CountersignError, isCountersignError } from '../../core/errors.ts';
import type { RandomBytes } from '../../core/ids.ts';
import { LIMITS } from '../../core/limits.ts';
import { createBoundedFetch, type Fetch } from '../transports/bounded-fetch.ts';
import { bindingOf, type Credential, credentialFrom } from './credential.ts';
import { type Authority, discover, type RemoteServer } from './discover.ts';

export interface AuthorizeDeps {
  readonly now: Clock;
  readonly random: RandomBytes;
}

/** Where a person is sent, and what is needed when they come back. It holds the PKCE verifier: never shown. */
export interface Begun {
  readonly authorizationUrl: string;
  readonly authority: Authority;
  readonly client: OAuthClientInformationMixed;
  readonly codeVerifier: string;
}

/** The `cause` of a refusal that another attempt would meet again: the grant or the client is no longer accepted. */
interface GrantRefused {
  readonly grantRefused: true;
}

const GRANT_REFUSED: GrantRefused = { grantRefused: true };
const FINAL = new Set(['invalid_grant', 'invalid_client', 'unauthorized_client', 'invalid_scope']);
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ASSERTION_S = 60;

/** True when a person has to log in again. */
export function isGrantRefused(error: unknown): boolean {
  return isCountersignError(error) && error.cause === GRANT_REFUSED;
}

/** What went wrong, without a word of the answer and without the error itself: they may repeat what was sent. */
function faultOf(server: RemoteServer, error: unknown): CountersignError {
  if (isCountersignError(error)) return error;
  const problem = (text: string, cause?: GrantRefused) =>
    new CountersignError('downstream_unavailable', `The server "${server.name}": ${text}`, { cause });
  if (error instanceof OAuthError) {
    const code = /^[a-z_]{1,40}$/.test(error.code) ? error.code : 'an error';
    return problem(`its authorization server answered ${code}.`, FINAL.has(code) ? GRANT_REFUSED : undefined);
  }
  if (error instanceof IssuerMismatchError)
    return problem('the issuer is not the authorization server that was asked. Nothing was sent to it.');
  const name = error instanceof Error ? error.name : '';
  if (error instanceof TypeError || name === 'TimeoutError' || name === 'AbortError')
    return problem('it or its authorization server cannot be reached.');
  return problem('its authorization server did not answer as OAuth 2.1 says.');
}

/** Refuses an answer that names another issuer than the one that was asked (RFC 9207 §2.4). */
export function expectIssuer(server: RemoteServer, { authority }: Begun, iss: string | undefined): void {
  const { issuer, metadata } = authority;
  const issParameterSupported = metadata.authorization_response_iss_parameter_supported === true;
  try {
    validateAuthorizationResponseIssuer({ iss, expectedIssuer: issuer, issParameterSupported });
  } catch (error) {
    throw faultOf(server, error);
  }
}

async function withFetch<T>(server: RemoteServer, run: (fetch: Fetch) => Promise<T>): Promise<T> {
  const { fetch, close } = createBoundedFetch();
  const limited: Fetch = (url, init) =>
    fetch(url, { ...init, signal: AbortSignal.timeout(LIMITS.downstreamProbeTimeoutMs) });
  try {
    return await run(limited);
  } catch (error) {
    throw faultOf(server, error);
  } finally {
    await close();
  }
}

/** Authenticates the client at the token endpoint by a key (RFC 7523 §2.2); undefined where it does so otherwise. */
function assertion(
  { auth }: RemoteServer,
  { issuer, clientId }: { issuer: string; clientId: string },
  { now, random }: AuthorizeDeps,
): { addClientAuthentication?: NonNullable<OAuthClientProvider['addClientAuthentication']> } {
  const { proof } = auth;
  if (proof.kind !== 'key') return {};
  return {
    async addClientAuthentication(_headers, params) {
      const { importPKCS8, SignJWT } = await import('jose');
      const at = Math.floor(now() / 1_000);
      const jwt = await new SignJWT({})
        .setProtectedHeader({ alg: proof.algorithm, typ: 'JWT' })
        .setIssuer(clientId)
        .setSubject(clientId)
        .setAudience(issuer)
        .setIssuedAt(at)
        .setExpirationTime(at + ASSERTION_S)
        .setJti(Buffer.from(random(16)).toString('base64url'))
        .sign(await importPKCS8(proof.pem, proof.algorithm));
      params.set('client_id', clientId);
      params.set('client_assertion', jwt);
      params.set('client_assertion_type', ASSERTION_TYPE);
    },
  };
}

function configuredClient({ auth }: RemoteServer): OAuthClientInformationMixed | undefined {
  const { clientId, proof } = auth;
  if (clientId === undefined) return undefined;
  return { client_id: clientId, ...(proof.kind === 'secret' ? { client_secret: proof.secret } : {}) };
}

/** Gets a token by client credentials (RFC 6749 §4.4). Throws `downstream_unavailable`. */
export function obtainAsClient(server: RemoteServer, deps: AuthorizeDeps): Promise<Credential> {
  return withFetch(server, async (fetchFn) => {
    const { issuer, metadata, resource, scope } = await discover(server, fetchFn);
    const client = configuredClient(server) as OAuthClientInformationMixed;
    const clientId = client.client_id;
    const params = new URLSearchParams({ grant_type: 'client_credentials' });
    if (scope !== undefined) params.set('scope', scope);
    const unused = () => {
      throw new CountersignError('internal', 'Client credentials need no person.');
    };
    const provider: OAuthClientProvider = {
      redirectUrl: undefined,
      clientMetadata: { redirect_uris: [], grant_types: ['client_credentials'] },
      clientInformation: () => ({ ...client, issuer }),
      tokens: () => undefined,
      saveTokens: () => undefined,
      redirectToAuthorization: unused,
      saveCodeVerifier: unused,
      codeVerifier: unused,
      prepareTokenRequest: () => params,
      ...assertion(server, { issuer, clientId }, deps),
    };
    const tokens = await fetchToken(provider, issuer, { metadata, resource, fetchFn });
    const from = { boundTo: bindingOf(server), issuer, resource, clientId, clientSecret: undefined, scope };
    return credentialFrom(tokens, from, deps.now());
  });
}

/** Gets a new token for a refresh token (RFC 6749 §6). Throws `downstream_unavailable`; see `isGrantRefused`. */
export function refresh(
  server: RemoteServer,
  credential: Credential & { readonly refreshToken: string },
  deps: AuthorizeDeps,
): Promise<Credential> {
  return withFetch(server, async (fetchFn) => {
    const { issuer, metadata } = await discover(server, fetchFn);
    if (issuer !== credential.issuer) {
      const message = `The server "${server.name}": it has another authorization server than the one that gave its credential. Log in again: countersign server login ${server.name}`;
      throw new CountersignError('downstream_unavailable', message, { cause: GRANT_REFUSED });
    }
    const { clientId, clientSecret, resource, refreshToken } = credential;
    const registered = {
      client_id: clientId,
      ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    };
    const tokens = await refreshAuthorization(issuer, {
      metadata,
      clientInformation: configuredClient(server) ?? registered,
      refreshToken,
      resource,
      fetchFn,
      ...assertion(server, { issuer, clientId }, deps),
    });
    return credentialFrom(tokens, credential, deps.now());
  });
}

async function clientFor(
  server: RemoteServer,
  authority: Authority,
  { redirectUri, fetchFn }: { redirectUri: string; fetchFn: Fetch },
): Promise<OAuthClientInformationMixed> {
  const configured = configuredClient(server);
  if (configured !== undefined) return configured;
  const { metadata, issuer, scope } = authority;
  const { clientMetadataUrl } = server.auth;
  if (clientMetadataUrl !== undefined && metadata.client_id_metadata_document_supported === true)
    return { client_id: clientMetadataUrl };
  if (metadata.registration_endpoint === undefined) {
    const message = `The server "${server.name}": its authorization server ${issuer} lets no client register itself. Register one there by hand with the redirect address ${redirectUri}, and write its client_id in the auth of the server.`;
    throw new CountersignError('downstream_unavailable', message);
  }
  return await registerClient(issuer, {
    metadata,
    clientMetadata: {
      client_name: 'Countersign',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    ...(scope === undefined ? {} : { scope }),
    fetchFn,
  });
}

/** Begins the authorization code flow (OAuth 2.1 §4.1, PKCE S256). Throws `downstream_unavailable`. */
export function beginLogin(
  server: RemoteServer,
  { redirectUri, state }: { redirectUri: string; state: string },
): Promise<Begun> {
  return withFetch(server, async (fetchFn) => {
    const authority = await discover(server, fetchFn);
    const { issuer, metadata, resource, scope } = authority;
    const client = await clientFor(server, authority, { redirectUri, fetchFn });
    const { authorizationUrl, codeVerifier } = await startAuthorization(issuer, {
      metadata,
      clientInformation: client,
      redirectUrl: redirectUri,
      state,
      resource,
      ...(scope === undefined ? {} : { scope }),
    });
    return { authorizationUrl: authorizationUrl.href, authority, client, codeVerifier };
  });
}

/** Redeems the code that a person came back with; `iss` is checked first (RFC 9207). Throws `downstream_unavailable`. */
export function finishLogin(
  server: RemoteServer,
  begun: Begun,
  answer: { code: string; iss: string | undefined; redirectUri: string },
  deps: AuthorizeDeps,
): Promise<Credential> {
  return withFetch(server, async (fetchFn) => {
    const { authority, client, codeVerifier } = begun;
    const { issuer, metadata, resource, scope } = authority;
    const clientId = client.client_id;
    const tokens = await exchangeAuthorization(issuer, {
      metadata,
      clientInformation: client,
      authorizationCode: answer.code,
      codeVerifier,
      redirectUri: answer.redirectUri,
      resource,
      fetchFn,
      ...(answer.iss === undefined ? {} : { iss: answer.iss }),
      ...assertion(server, { issuer, clientId }, deps),
    });
    const isRegistered = server.auth.clientId === undefined;
    const from = {
      boundTo: bindingOf(server),
      issuer,
      resource,
      clientId,
      clientSecret: isRegistered ? client.client_secret : undefined,
      scope,
    };
    return credentialFrom(tokens, from, deps.now());
  });
}
