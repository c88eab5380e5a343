import {
  type AuthorizationServerMetadata,
  checkResourceAllowed,
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  extractWWWAuthenticateParams,
  type OAuthProtectedResourceMetadata,
  resourceUrlFromServerUrl,
} from '@modelcontextprotocol/client';
import { CountersignError } from '../../core/errors.ts';
import type { Fetch } from '../transports/bounded-fetch.ts';
import { isLoopbackHost, isSafeForSecrets, type ServerAuth } from './auth.ts';

/** The authorization server of a remote server, and what it is to be asked for. */
export interface Authority {
  readonly issuer: string;
  readonly metadata: AuthorizationServerMetadata;
  /** The resource indicator (RFC 8707), as the server writes it. */
  readonly resource: string;
  readonly scope: string | undefined;
}

/** A remote server with `auth`, as the functions of this folder need it. */
export interface RemoteServer {
  readonly name: string;
  readonly url: string;
  readonly auth: ServerAuth;
}

/** Any IPv6 literal, what IANA keeps for networks of one's own and for special purposes in IPv4, and the names for here. */
const PRIVATE_ADDRESS = new RegExp(
  [
    String.raw`^(?:0|10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.(?:168|0\.0))\.`,
    String.raw`^(?:100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|198\.1[89]|22[4-9]|23\d|24\d|25[0-5])\.[\d.]+$`,
    String.raw`^\[`,
    String.raw`(?:^|\.)(?:localhost|local|internal)\.?$`,
  ].join('|'),
);

function fail(server: RemoteServer, problem: string): never {
  throw new CountersignError('downstream_unavailable', `The server "${server.name}": ${problem}`);
}

function sameAddress(a: string, b: string): boolean {
  const plain = (text: string) => text.replace(/\/$/, '');
  return plain(a) === plain(b);
}

/**
 * An address that the server or its authorization server has named, when it may be asked: over TLS and, unless the
 * server itself is on this machine, not inside this network.
 */
function named(server: RemoteServer, what: string, text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  const isNear = isLoopbackHost(new URL(server.url).hostname);
  const isTrusted = server.auth.issuer !== undefined && new URL(server.auth.issuer).origin === url?.origin;
  if (url === undefined || !isSafeForSecrets(url)) return fail(server, `its ${what} is no https:// address.`);
  if (!isNear && !isTrusted && PRIVATE_ADDRESS.test(url.hostname)) {
    return fail(
      server,
      `its ${what} ${url.origin} is an address of this network, which a remote server must not name. If it is meant, write "issuer" in its auth.`,
    );
  }
  return url;
}

/** What the server says of itself without a credential: where its metadata is, and the scope that it wants. */
async function challengeOf(server: RemoteServer, fetch: Fetch) {
  const response = await fetch(server.url, {
    headers: { accept: 'text/event-stream, application/json' },
    redirect: 'manual',
  });
  await response.body?.cancel();
  return extractWWWAuthenticateParams(response);
}

async function resourceMetadata(
  server: RemoteServer,
  input: { resourceMetadataUrl: URL | undefined; fetch: Fetch },
): Promise<OAuthProtectedResourceMetadata | undefined> {
  const { resourceMetadataUrl, fetch } = input;
  if (resourceMetadataUrl !== undefined) named(server, 'resource_metadata', resourceMetadataUrl.href);
  try {
    return await discoverOAuthProtectedResourceMetadata(
      server.url,
      resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl },
      fetch,
    );
  } catch (error) {
    // Servers of 2025-03-26 have no such document: their own origin is the authorization server then.
    if (error instanceof Error && /does not implement|^HTTP 4/.test(error.message)) return undefined;
    throw error;
  }
}

function issuerOf(server: RemoteServer, found: OAuthProtectedResourceMetadata | undefined): string {
  const offered = found?.authorization_servers ?? [];
  const { issuer } = server.auth;
  if (issuer === undefined) return offered[0] ?? new URL('/', server.url).href;
  if (offered.length === 0) return issuer;
  const meant = offered.find((one) => sameAddress(one, issuer));
  if (meant !== undefined) return meant;
  return fail(
    server,
    `it names another authorization server than the configured issuer ${issuer}. Nothing was sent to either.`,
  );
}

function scopeOf(
  { auth }: RemoteServer,
  hints: { wanted: string | undefined; listed: readonly string[] | undefined },
  metadata: AuthorizationServerMetadata,
): string | undefined {
  const scope = auth.scope ?? hints.wanted ?? hints.listed?.join(' ');
  const offline = metadata.scopes_supported?.includes('offline_access') === true;
  // Without it such a server gives no refresh token.
  if (auth.type !== 'authorization_code' || !offline || scope?.split(' ').includes('offline_access'))
    return scope || undefined;
  return scope === undefined || scope === '' ? 'offline_access' : `${scope} offline_access`;
}

/**
 * Finds the authorization server of a remote server: RFC 9728 (by the challenge, then the well-known places), then
 * RFC 8414 or OpenID Connect Discovery, whose issuer must be the one that was asked. Throws `downstream_unavailable`
 * when there is none, when it is not the configured one, or when it lacks PKCE with S256 where that is needed.
 */
export async function discover(server: RemoteServer, fetch: Fetch): Promise<Authority> {
  const challenge = await challengeOf(server, fetch);
  const { resourceMetadataUrl } = challenge;
  const found = await resourceMetadata(server, { resourceMetadataUrl, fetch });
  const own = resourceUrlFromServerUrl(server.url);
  if (
    found !== undefined &&
    !checkResourceAllowed({ requestedResource: own, configuredResource: found.resource })
  )
    return fail(server, 'its metadata describes another resource than its own address.');
  const asked = issuerOf(server, found);
  named(server, 'authorization server', asked);
  const metadata = await discoverAuthorizationServerMetadata(asked, { fetchFn: fetch });
  if (metadata === undefined) {
    return fail(server, `the authorization server ${asked} publishes no metadata (RFC 8414).`);
  }
  named(server, 'token endpoint', metadata.token_endpoint);
  if (server.auth.type === 'authorization_code') {
    named(server, 'authorization endpoint', metadata.authorization_endpoint);
    if (!metadata.code_challenge_methods_supported?.includes('S256'))
      return fail(server, `the authorization server ${asked} does not offer PKCE with S256.`);
  }
  if (metadata.registration_endpoint !== undefined)
    named(server, 'registration endpoint', metadata.registration_endpoint);
  const hints = { wanted: challenge.scope, listed: found?.scopes_supported };
  return {
    issuer: metadata.issuer,
    metadata,
    resource: found?.resource ?? own.href,
    scope: scopeOf(server, hints, metadata),
  };
}
