import type { JsonObject } from '../core/json.ts';
import type { Scope } from '../core/scope.ts';

/** Our scoped, expiring credential for one agent run. The token itself is never stored, only its SHA-256. */
export interface Session {
  readonly id: string;
  readonly workspace: string;
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly scope: Scope;
  /** How many tool calls it may make in all; undefined means no cap. */
  readonly callCap: number | undefined;
  readonly mintedBy: string;
  /** The sessions that this one was narrowed from, the first one first; when one of them ends, so does this. */
  readonly ancestors: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
  readonly revokeReason: string | undefined;
}

export type SessionState = 'active' | 'expired' | 'revoked';

/** What a session is at `now`; revocation outranks expiry. */
export function sessionState(session: Session, now: number): SessionState {
  if (session.revokedAt !== undefined) return 'revoked';
  return now >= session.expiresAt ? 'expired' : 'active';
}

const TOKEN = /^cst_[A-Za-z0-9_-]{43}$/;

/** 256 random bits as `cst_` + base64url. */
export function sessionToken(random: Uint8Array): string {
  return `cst_${Buffer.from(random).toString('base64url')}`;
}

/** How an agent connects: `url` with `headers`, or `secretUrl` alone for clients that take nothing else. */
export interface McpAccess {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly secretUrl: string;
}

export function mcpAccess(origin: string, token: string): McpAccess {
  const url = `${origin}/mcp`;
  return { url, headers: { Authorization: `Bearer ${token}` }, secretUrl: `${url}/${token}` };
}

/** True for text of the right shape, so that nothing else reaches the hash or the database. */
export function looksLikeSessionToken(text: string): boolean {
  return TOKEN.test(text);
}

/** What the ledger says about a minted session; never the token. */
export function mintedBody(session: Session): JsonObject {
  return {
    session: session.id,
    subject: session.subject,
    labels: { ...session.labels },
    scope: [...session.scope],
    call_cap: session.callCap ?? null,
    minted_by: session.mintedBy,
    ...(session.ancestors.length === 0 ? {} : { ancestors: [...session.ancestors] }),
    expires_at: session.expiresAt,
  };
}
