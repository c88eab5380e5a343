import type { Reader, Row, Statement } from '../../storage/database.ts';

/** How the invite that enrols the very first person is marked in `created_by`. */
export const BOOTSTRAP = 'bootstrap';

export interface Invite {
  readonly id: string;
  readonly name: string;
  readonly groups: readonly string[];
  /** The subject whose agents act for this person. */
  readonly subject: string | undefined;
  /** `person:per_…`, or `bootstrap`. */
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface NewInvite extends Invite {
  readonly workspace: string;
  readonly tokenHash: string;
}

export interface NewWebSession {
  readonly id: string;
  readonly workspace: string;
  readonly tokenHash: string;
  readonly personId: string;
  /** The passkey that signed in, or was enrolled. */
  readonly passkeyId: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type Purpose = 'enrol' | 'sign-in' | 'add-passkey';

const INVITE_COLUMNS = 'id, workspace, token_hash, name, groups, subject, created_by, created_at, expires_at';
// PostgreSQL takes a bare parameter in a SELECT list for text, so numbers say what they are.
const INVITE_VALUES = '?, ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)';

function inviteParams(invite: NewInvite): Statement['params'] {
  const { id, workspace, tokenHash, name, groups, subject, createdBy, createdAt, expiresAt } = invite;
  return [
    id,
    workspace,
    tokenHash,
    name,
    JSON.stringify(groups),
    subject ?? null,
    createdBy,
    createdAt,
    expiresAt,
  ];
}

function toInvite(row: Row): Invite {
  return {
    id: String(row.id),
    name: String(row.name),
    groups: JSON.parse(String(row.groups)) as string[],
    subject: row.subject == null ? undefined : String(row.subject),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    expiresAt: Number(row.expires_at),
  };
}

/** Matches only under `condition`, and while no invite ever had this token. */
export function insertInvite(invite: NewInvite, condition: Statement): Statement {
  return {
    sql: `INSERT INTO invite (${INVITE_COLUMNS}) SELECT ${INVITE_VALUES}
          WHERE NOT EXISTS (SELECT 1 FROM invite WHERE token_hash = ?) AND ${condition.sql} RETURNING id`,
    params: [...inviteParams(invite), invite.tokenHash, ...condition.params],
  };
}

/** Matches only while nobody was ever enrolled and, unless `replace`, no bootstrap invite is live. */
export function insertBootstrapInvite(invite: NewInvite, replace: boolean): Statement {
  return {
    sql: `INSERT INTO invite (${INVITE_COLUMNS}) SELECT ${INVITE_VALUES}
          WHERE NOT EXISTS (SELECT 1 FROM person WHERE workspace = ?)
            AND (CAST(? AS BIGINT) = 1 OR NOT EXISTS (
              SELECT 1 FROM invite WHERE workspace = ? AND created_by = ? AND used_at IS NULL
                AND revoked_at IS NULL AND expires_at > ?))
          RETURNING id`,
    params: [
      ...inviteParams(invite),
      invite.workspace,
      replace ? 1 : 0,
      invite.workspace,
      BOOTSTRAP,
      invite.createdAt,
    ],
  };
}

/** Ends every other bootstrap invite that is still live. */
export function revokeOtherBootstrapInvites(invite: NewInvite): Statement {
  return {
    sql: `UPDATE invite SET revoked_at = ?
          WHERE workspace = ? AND created_by = ? AND id <> ? AND used_at IS NULL AND revoked_at IS NULL`,
    params: [invite.createdAt, invite.workspace, BOOTSTRAP, invite.id],
  };
}

const INVITE_IS_GOOD = `used_at IS NULL AND revoked_at IS NULL AND expires_at > ?
  AND ((created_by = '${BOOTSTRAP}'
        AND NOT EXISTS (SELECT 1 FROM person WHERE person.workspace = invite.workspace))
    OR EXISTS (SELECT 1 FROM person
               WHERE 'person:' || person.id = invite.created_by AND person.workspace = invite.workspace
                 AND removed_at IS NULL))`;

/** The invite of this token, only while it can be used: the first person by the bootstrap invite, others by a person's. */
export async function usableInvite(
  database: Reader,
  invite: { tokenHash: string; workspace: string; now: number },
): Promise<Invite | undefined> {
  const rows = await database.query({
    sql: `SELECT * FROM invite WHERE token_hash = ? AND workspace = ? AND ${INVITE_IS_GOOD}`,
    params: [invite.tokenHash, invite.workspace, invite.now],
  });
  return rows[0] && toInvite(rows[0]);
}

/** Spends an invite; matches under the same condition as `usableInvite`. */
export function spendInvite(invite: { id: string; now: number }): Statement {
  return {
    sql: `UPDATE invite SET used_at = ? WHERE id = ? AND ${INVITE_IS_GOOD} RETURNING id`,
    params: [invite.now, invite.id, invite.now],
  };
}

/** Matches only while fewer than `most` challenges of this purpose are open. */
export function insertChallenge(challenge: {
  id: string;
  workspace: string;
  purpose: Purpose;
  challenge: string;
  boundTo: string;
  createdAt: number;
  expiresAt: number;
  most: number;
}): Statement {
  const { id, workspace, purpose, challenge: text, boundTo, createdAt, expiresAt, most } = challenge;
  return {
    sql: `INSERT INTO webauthn_challenge (id, workspace, purpose, challenge, bound_to, created_at, expires_at)
          SELECT ?, ?, ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)
          WHERE (SELECT count(*) FROM webauthn_challenge WHERE purpose = ? AND used_at IS NULL AND expires_at > ?) < CAST(? AS BIGINT)
          RETURNING id`,
    params: [id, workspace, purpose, text, boundTo, createdAt, expiresAt, purpose, createdAt, most],
  };
}

export function dropStaleChallenges(now: number): Statement {
  return { sql: 'DELETE FROM webauthn_challenge WHERE expires_at <= ?', params: [now] };
}

/** Spends a challenge; matches once, and not after its expiry. The row holds `challenge` and `bound_to`. */
export function spendChallenge(challenge: {
  id: string;
  workspace: string;
  purpose: Purpose;
  now: number;
}): Statement {
  return {
    sql: `UPDATE webauthn_challenge SET used_at = ?
          WHERE id = ? AND workspace = ? AND purpose = ? AND used_at IS NULL AND expires_at > ?
          RETURNING challenge, bound_to`,
    params: [challenge.now, challenge.id, challenge.workspace, challenge.purpose, challenge.now],
  };
}

export function insertWebSession(session: NewWebSession): Statement {
  return {
    sql: `INSERT INTO web_session (id, workspace, token_hash, person_id, passkey_id, created_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
    params: [
      session.id,
      session.workspace,
      session.tokenHash,
      session.personId,
      session.passkeyId,
      session.createdAt,
      session.expiresAt,
    ],
  };
}

export function revokeWebSession(session: { tokenHash: string; now: number }): Statement {
  return {
    sql: 'UPDATE web_session SET revoked_at = ? WHERE token_hash = ? AND revoked_at IS NULL RETURNING id',
    params: [session.now, session.tokenHash],
  };
}

/** The enrolled person behind a live web session. */
export async function personOfWebSession(
  database: Reader,
  session: { tokenHash: string; workspace: string; now: number },
): Promise<{ id: string; name: string; groups: readonly string[] } | undefined> {
  const rows = await database.query({
    sql: `SELECT person.id, person.name, person.groups
          FROM web_session JOIN person ON person.id = web_session.person_id
          WHERE web_session.token_hash = ? AND web_session.workspace = ? AND web_session.revoked_at IS NULL
            AND web_session.expires_at > ? AND person.removed_at IS NULL`,
    params: [session.tokenHash, session.workspace, session.now],
  });
  const row = rows[0];
  return (
    row && { id: String(row.id), name: String(row.name), groups: JSON.parse(String(row.groups)) as string[] }
  );
}
