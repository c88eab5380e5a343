import type { ServerAuth } from './auth.ts';

/** The right to call one remote server, as an authorization server gave it. Every member with `Token` is a secret. */
export interface Credential {
  /** What it was given for: a definition that has changed since has no right to it. */
  readonly boundTo: string;
  readonly issuer: string;
  /** The resource indicator that the tokens were asked for with (RFC 8707). */
  readonly resource: string;
  readonly clientId: string;
  /** Only where the authorization server gave one when the gateway registered. */
  readonly clientSecret: string | undefined;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
  /** Epoch milliseconds; undefined when the authorization server did not say. */
  readonly expiresAt: number | undefined;
  readonly obtainedAt: number;
}

/** What a connection shows a remote server. */
export interface Credentials {
  /** The access token to send now. Throws `downstream_unavailable`, with what to do, when there is none. */
  token(): Promise<string>;
  /**
   * The server has refused this token. Gives another, asked for once however many ask; undefined when there is none,
   * or when the one that was refused is new itself.
   */
  renew(refused: string): Promise<string | undefined>;
}

/** What an authorization server answers with (RFC 6749 §5.1). */
export interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token?: string | undefined;
  readonly expires_in?: number | undefined;
  readonly scope?: string | undefined;
  readonly token_type: string;
}

const AHEAD_SHARE = 5;
const AHEAD_MAX_MS = 60_000;

/** The definition that a credential belongs to. A token never goes to another address, client or authorization server. */
export function bindingOf(server: { readonly url: string; readonly auth: ServerAuth }): string {
  const { type, clientId, clientMetadataUrl, issuer, scope } = server.auth;
  return JSON.stringify([
    server.url,
    type,
    clientId ?? null,
    clientMetadataUrl ?? null,
    issuer ?? null,
    scope ?? null,
  ]);
}

/** How a credential stands: `renew` means that it still works, and that another one is wanted soon. */
export function freshness(credential: Credential, now: number): 'fresh' | 'renew' | 'over' {
  const { expiresAt, obtainedAt } = credential;
  if (expiresAt === undefined) return 'fresh';
  const ahead = Math.min(AHEAD_MAX_MS, (expiresAt - obtainedAt) / AHEAD_SHARE);
  if (now >= expiresAt) return 'over';
  return now >= expiresAt - ahead ? 'renew' : 'fresh';
}

/** The credential that an answer makes; an absent refresh token or scope stays as it was. */
export function credentialFrom(
  answer: TokenAnswer,
  from: Omit<Credential, 'accessToken' | 'refreshToken' | 'scope' | 'expiresAt' | 'obtainedAt'> & {
    readonly refreshToken?: string | undefined;
    readonly scope?: string | undefined;
  },
  now: number,
): Credential {
  const { boundTo, issuer, resource, clientId, clientSecret } = from;
  return {
    boundTo,
    issuer,
    resource,
    clientId,
    clientSecret,
    accessToken: answer.access_token,
    refreshToken: answer.refresh_token ?? from.refreshToken,
    scope: answer.scope ?? from.scope,
    expiresAt: answer.expires_in === undefined ? undefined : now + answer.expires_in * 1_000,
    obtainedAt: now,
  };
}
