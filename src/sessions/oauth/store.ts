import type { JsonObject } from '../../core/json.ts';
import type { Reader, Row, Statement } from '../../storage/database.ts';
import type { OauthClient } from './client.ts';

/** What a person consented to, until it becomes a session. */
export interface StoredCode {
  readonly hash: string;
  readonly workspace: string;
  readonly consentId: string;
  /** What the ledger says of the client. */
  readonly client: JsonObject;
  readonly clientId: string;
  readonly redirectUri: string;
  /** The PKCE challenge, method S256. */
  readonly challenge: string;
  readonly personId: string;
  readonly terms: {
    readonly subject: string;
    readonly tools: readonly string[];
    readonly labels: Readonly<Record<string, string>>;
  };
  /** When the session ends, epoch milliseconds; `expiresAt` is when the code does. */
  readonly until: number;
  readonly expiresAt: number;
}

/** How many clients registered themselves within the last minute. */
export async function countClients(
  database: Reader,
  at: { workspace: string; now: number },
): Promise<number> {
  const rows = await database.query({
    sql: 'SELECT count(*) AS registered FROM oauth_client WHERE workspace = ? AND created_at > ?',
    params: [at.workspace, at.now - 60_000],
  });
  return Number(rows[0]?.registered ?? 0);
}

/** Matches only while fewer than `perMinute` clients registered themselves within the last minute. */
export function insertClient(
  client: OauthClient,
  at: { workspace: string; now: number; perMinute: number },
): Statement {
  const { id, name, uri, redirectUris } = client;
  return {
    sql: `INSERT INTO oauth_client (id, workspace, name, uri, redirect_uris, created_at)
          SELECT ?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?, CAST(? AS BIGINT)
          WHERE (SELECT count(*) FROM oauth_client WHERE workspace = ? AND created_at > ?) < CAST(? AS BIGINT)
          RETURNING id`,
    params: [
      id,
      at.workspace,
      name ?? null,
      uri ?? null,
      JSON.stringify(redirectUris),
      at.now,
      at.workspace,
      at.now - 60_000,
      at.perMinute,
    ],
  };
}

/** Forgets the clients beyond `most`: first those that nobody ever consented to, the oldest first. */
export function dropClientsBeyond(most: number, workspace: string): Statement {
  return {
    sql: `DELETE FROM oauth_client WHERE workspace = ? AND id NOT IN (
            SELECT id FROM oauth_client WHERE workspace = ?
            ORDER BY COALESCE(used_at, 0) DESC, created_at DESC, id LIMIT ?)`,
    params: [workspace, workspace, most],
  };
}

export function markClientUsed(id: string, now: number): Statement {
  return { sql: 'UPDATE oauth_client SET used_at = ? WHERE id = ?', params: [now, id] };
}

export async function storedClient(
  database: Reader,
  at: { id: string; workspace: string },
): Promise<OauthClient | undefined> {
  const rows = await database.query({
    sql: 'SELECT id, name, uri, redirect_uris FROM oauth_client WHERE id = ? AND workspace = ?',
    params: [at.id, at.workspace],
  });
  const row = rows[0];
  const optional = (value: Row[string] | undefined): string | undefined =>
    value == null ? undefined : String(value);
  return (
    row && {
      id: String(row.id),
      kind: 'registered',
      name: optional(row.name),
      uri: optional(row.uri),
      redirectUris: JSON.parse(String(row.redirect_uris)) as string[],
    }
  );
}

const PERSON_IS_HERE =
  'EXISTS (SELECT 1 FROM person WHERE person.id = person_id AND person.removed_at IS NULL)';

/** Matches once for each consent, while the person is enrolled. */
export function insertCode(code: StoredCode): Statement {
  return {
    sql: `INSERT INTO oauth_code (hash, workspace, consent_id, client, client_id, redirect_uri, challenge, person_id, terms, until, expires_at)
          SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)
          WHERE NOT EXISTS (SELECT 1 FROM oauth_code WHERE consent_id = ?)
            AND EXISTS (SELECT 1 FROM person WHERE id = ? AND workspace = ? AND removed_at IS NULL)
          RETURNING hash`,
    params: [
      code.hash,
      code.workspace,
      code.consentId,
      JSON.stringify(code.client),
      code.clientId,
      code.redirectUri,
      code.challenge,
      code.personId,
      JSON.stringify(code.terms),
      code.until,
      code.expiresAt,
      code.consentId,
      code.personId,
      code.workspace,
    ],
  };
}

/**
 * Forgets codes whose session has ended, or which became none in time. A code is kept as long as its consent could be
 * given again, because it marks that one as used.
 */
export function dropStaleCodes(now: number, consentTtlMs: number): Statement {
  const before = now - consentTtlMs;
  return {
    sql: 'DELETE FROM oauth_code WHERE until <= ? OR (used_at IS NULL AND expires_at <= ?)',
    params: [before, before],
  };
}

export function dropStaleRefresh(now: number): Statement {
  return { sql: 'DELETE FROM oauth_refresh WHERE until <= ?', params: [now] };
}

export async function codeByHash(
  database: Reader,
  at: { hash: string; workspace: string },
): Promise<(StoredCode & { usedAt: number | undefined; sessionId: string | undefined }) | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM oauth_code WHERE hash = ? AND workspace = ?',
    params: [at.hash, at.workspace],
  });
  const row = rows[0];
  return (
    row && {
      hash: String(row.hash),
      workspace: String(row.workspace),
      consentId: String(row.consent_id),
      client: JSON.parse(String(row.client)) as JsonObject,
      clientId: String(row.client_id),
      redirectUri: String(row.redirect_uri),
      challenge: String(row.challenge),
      personId: String(row.person_id),
      terms: JSON.parse(String(row.terms)) as StoredCode['terms'],
      until: Number(row.until),
      expiresAt: Number(row.expires_at),
      usedAt: row.used_at == null ? undefined : Number(row.used_at),
      sessionId: row.session_id == null ? undefined : String(row.session_id),
    }
  );
}

/** Spends a code: matches once, before it expires, while the person who consented is enrolled. */
export function spendCode(code: { hash: string; sessionId: string; now: number }): Statement {
  return {
    sql: `UPDATE oauth_code SET used_at = ?, session_id = ?
          WHERE hash = ? AND used_at IS NULL AND expires_at > ? AND ${PERSON_IS_HERE} RETURNING hash`,
    params: [code.now, code.sessionId, code.hash, code.now],
  };
}

export interface NewRefresh {
  readonly hash: string;
  readonly workspace: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly personId: string;
  readonly now: number;
  readonly until: number;
}

export function insertRefresh(token: NewRefresh): Statement {
  const { hash, workspace, sessionId, clientId, personId, now, until } = token;
  return {
    sql: `INSERT INTO oauth_refresh (hash, workspace, session_id, client_id, person_id, created_at, until)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
    params: [hash, workspace, sessionId, clientId, personId, now, until],
  };
}

export async function refreshByHash(
  database: Reader,
  at: { hash: string; workspace: string },
): Promise<(Omit<NewRefresh, 'now'> & { createdAt: number; usedAt: number | undefined }) | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM oauth_refresh WHERE hash = ? AND workspace = ?',
    params: [at.hash, at.workspace],
  });
  const row = rows[0];
  return (
    row && {
      hash: String(row.hash),
      workspace: String(row.workspace),
      sessionId: String(row.session_id),
      clientId: String(row.client_id),
      personId: String(row.person_id),
      createdAt: Number(row.created_at),
      until: Number(row.until),
      usedAt: row.used_at == null ? undefined : Number(row.used_at),
    }
  );
}

/** Spends a refresh token: matches once, while its session is in force and the person who consented is enrolled. */
export function spendRefresh(token: { hash: string; now: number }): Statement {
  return {
    sql: `UPDATE oauth_refresh SET used_at = ? WHERE hash = ? AND used_at IS NULL AND ${PERSON_IS_HERE}
            AND EXISTS (SELECT 1 FROM session WHERE session.id = session_id AND session.revoked_at IS NULL
                        AND session.expires_at > ?)
          RETURNING hash`,
    params: [token.now, token.hash, token.now],
  };
}

/** The client of a session, for those who ask about its token; undefined for a session that was not consented to. */
export async function clientOfSession(database: Reader, sessionId: string): Promise<string | undefined> {
  const rows = await database.query({
    sql: 'SELECT client_id FROM oauth_refresh WHERE session_id = ? LIMIT 1',
    params: [sessionId],
  });
  return rows[0] && String(rows[0].client_id);
}

/** Gives a session another token, for a while; the one before is of no use from then on. */
export function replaceToken(token: { sessionId: string; hash: string; until: number }): Statement {
  return {
    sql: 'UPDATE session SET token_hash = ?, token_expires_at = ? WHERE id = ?',
    params: [token.hash, token.until, token.sessionId],
  };
}

/** The sessions in force that a person minted or consented to, without those that were narrowed from them. */
export async function sessionsOfPerson(
  database: Reader,
  at: { by: string; workspace: string; now: number },
): Promise<string[]> {
  const rows = await database.query({
    sql: 'SELECT id FROM session WHERE workspace = ? AND minted_by = ? AND revoked_at IS NULL AND expires_at > ?',
    params: [at.workspace, at.by, at.now],
  });
  return rows.map((row) => String(row.id));
}

/** The same of every person who was removed. */
export async function sessionsOfRemoved(
  database: Reader,
  at: { workspace: string; now: number },
): Promise<string[]> {
  const rows = await database.query({
    sql: `SELECT session.id FROM session JOIN person ON session.minted_by = 'person:' || person.id
      WHERE session.workspace = ? AND person.removed_at IS NOT NULL AND session.revoked_at IS NULL
      AND session.expires_at > ?`,
    params: [at.workspace, at.now],
  });
  return rows.map((row) => String(row.id));
}
