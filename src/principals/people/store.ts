import type { Reader, Row, Statement } from '../../storage/database.ts';
import type { Passkey, Person } from './person.ts';

const optionalTime = (value: Row[string] | undefined): number | undefined =>
  value === null || value === undefined ? undefined : Number(value);

function toPerson(row: Row): Person {
  return {
    id: String(row.id),
    name: String(row.name),
    groups: JSON.parse(String(row.groups)) as string[],
    subject: row.subject == null ? undefined : String(row.subject),
    createdAt: Number(row.created_at),
    removedAt: optionalTime(row.removed_at),
  };
}

function toPasskey(row: Row): Passkey {
  return {
    id: String(row.id),
    personId: String(row.person_id),
    credentialId: String(row.credential_id),
    publicKey: String(row.public_key),
    counter: Number(row.counter),
    transports: JSON.parse(String(row.transports)) as string[],
    aaguid: String(row.aaguid),
    deviceType: String(row.device_type),
    backedUp: Number(row.backed_up) === 1,
    attestation: String(row.attestation),
    createdAt: Number(row.created_at),
    lastUsedAt: optionalTime(row.last_used_at),
    suspectAt: optionalTime(row.suspect_at),
  };
}

export function insertPerson(person: Person & { readonly workspace: string }): Statement {
  return {
    sql: 'INSERT INTO person (id, workspace, name, groups, subject, created_at) VALUES (?, ?, ?, ?, ?, ?)',
    params: [
      person.id,
      person.workspace,
      person.name,
      JSON.stringify(person.groups),
      person.subject ?? null,
      person.createdAt,
    ],
  };
}

const PASSKEY_COLUMNS = `id, workspace, person_id, credential_id, public_key, counter, transports, aaguid,
  device_type, backed_up, attestation, created_at`;

function passkeyParams(passkey: Passkey & { readonly workspace: string }): Statement['params'] {
  return [
    passkey.id,
    passkey.workspace,
    passkey.personId,
    passkey.credentialId,
    passkey.publicKey,
    passkey.counter,
    JSON.stringify(passkey.transports),
    passkey.aaguid,
    passkey.deviceType,
    passkey.backedUp ? 1 : 0,
    passkey.attestation,
    passkey.createdAt,
  ];
}

export function insertPasskey(passkey: Passkey & { readonly workspace: string }): Statement {
  return {
    sql: `INSERT INTO passkey (${PASSKEY_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: passkeyParams(passkey),
  };
}

/** Matches only under `condition`, and while nobody ever enrolled this credential. */
export function insertFurtherPasskey(
  passkey: Passkey & { readonly workspace: string },
  condition: Statement,
): Statement {
  return {
    sql: `INSERT INTO passkey (${PASSKEY_COLUMNS})
          SELECT ?, ?, ?, ?, ?, CAST(? AS BIGINT), ?, ?, ?, CAST(? AS BIGINT), ?, CAST(? AS BIGINT)
          WHERE NOT EXISTS (SELECT 1 FROM passkey WHERE credential_id = ?) AND ${condition.sql} RETURNING id`,
    params: [...passkeyParams(passkey), passkey.credentialId, ...condition.params],
  };
}

/** Everyone who is enrolled now, oldest first. */
export async function livePeople(database: Reader, workspace: string): Promise<Person[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM person WHERE workspace = ? AND removed_at IS NULL ORDER BY created_at, id',
    params: [workspace],
  });
  return rows.map(toPerson);
}

/** A person by id, removed ones included. */
export async function personById(
  database: Reader,
  person: { id: string; workspace: string },
): Promise<Person | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM person WHERE id = ? AND workspace = ?',
    params: [person.id, person.workspace],
  });
  return rows[0] && toPerson(rows[0]);
}

/** Passkeys in use by people who are enrolled now. */
export async function livePasskeys(database: Reader, workspace: string): Promise<Passkey[]> {
  const rows = await database.query({
    sql: `SELECT passkey.* FROM passkey JOIN person ON person.id = passkey.person_id
          WHERE passkey.workspace = ? AND passkey.removed_at IS NULL AND person.removed_at IS NULL
          ORDER BY passkey.created_at, passkey.id`,
    params: [workspace],
  });
  return rows.map(toPasskey);
}

export async function livePasskeyByCredential(
  database: Reader,
  passkey: { credentialId: string; workspace: string },
): Promise<Passkey | undefined> {
  const rows = await database.query({
    sql: `SELECT passkey.* FROM passkey JOIN person ON person.id = passkey.person_id
          WHERE passkey.credential_id = ? AND passkey.workspace = ?
            AND passkey.removed_at IS NULL AND person.removed_at IS NULL`,
    params: [passkey.credentialId, passkey.workspace],
  });
  return rows[0] && toPasskey(rows[0]);
}

/** True when the credential was ever enrolled; an authenticator cannot be enrolled twice. */
export async function credentialKnown(database: Reader, credentialId: string): Promise<boolean> {
  const rows = await database.query({
    sql: 'SELECT id FROM passkey WHERE credential_id = ?',
    params: [credentialId],
  });
  return rows.length > 0;
}

/**
 * Records a use. Matches only when the passkey and its person are still enrolled and the counter goes up, or is zero
 * on both sides (WebAuthn Level 3 §6.1.1).
 */
export function recordPasskeyUse(use: { passkeyId: string; counter: number; now: number }): Statement {
  return {
    sql: `UPDATE passkey SET counter = ?, last_used_at = ?
          WHERE id = ? AND removed_at IS NULL AND (counter < ? OR (counter = 0 AND ? = 0))
            AND EXISTS (SELECT 1 FROM person WHERE person.id = passkey.person_id AND person.removed_at IS NULL)
          RETURNING id`,
    params: [use.counter, use.now, use.passkeyId, use.counter, use.counter],
  };
}

/** The condition of `recordPasskeyUse`, for the guard of a decision that commits the use beside it. */
export function passkeyStillUsable(use: { passkeyId: string; counter: number }): Statement {
  return {
    sql: `EXISTS (SELECT 1 FROM passkey JOIN person ON person.id = passkey.person_id
                  WHERE passkey.id = ? AND passkey.removed_at IS NULL AND person.removed_at IS NULL
                    AND (passkey.counter < ? OR (passkey.counter = 0 AND ? = 0)))`,
    params: [use.passkeyId, use.counter, use.counter],
  };
}

/** `EXISTS (…)`: the passkey, whose use with this counter was recorded, is enrolled still. */
export function passkeyStillEnrolled(use: { passkeyId: string; counter: number }): Statement {
  return {
    sql: `EXISTS (SELECT 1 FROM passkey JOIN person ON person.id = passkey.person_id
                  WHERE passkey.id = ? AND passkey.removed_at IS NULL AND person.removed_at IS NULL
                    AND passkey.counter >= ?)`,
    params: [use.passkeyId, use.counter],
  };
}

/** Flags a passkey; matches while it is enrolled. The first time is kept. */
export function markPasskeySuspect(passkey: { passkeyId: string; now: number }): Statement {
  return {
    sql: `UPDATE passkey SET suspect_at = coalesce(suspect_at, ?) WHERE id = ? AND removed_at IS NULL RETURNING id`,
    params: [passkey.now, passkey.passkeyId],
  };
}

/** Matches only under `condition`, and while the person has another passkey. */
export function markPasskeyRemoved(
  passkey: { id: string; personId: string; workspace: string; now: number },
  condition: Statement,
): Statement {
  return {
    sql: `UPDATE passkey SET removed_at = ?
          WHERE id = ? AND person_id = ? AND workspace = ? AND removed_at IS NULL
            AND EXISTS (SELECT 1 FROM passkey AS other
                        WHERE other.person_id = passkey.person_id AND other.id <> passkey.id
                          AND other.removed_at IS NULL)
            AND ${condition.sql}
          RETURNING id`,
    params: [passkey.now, passkey.id, passkey.personId, passkey.workspace, ...condition.params],
  };
}

/** Ends the sign-ins that a passkey began. */
export function endSessionsOfPasskey(passkey: { id: string; now: number }): Statement {
  return {
    sql: 'UPDATE web_session SET revoked_at = ? WHERE passkey_id = ? AND revoked_at IS NULL',
    params: [passkey.now, passkey.id],
  };
}

/** Matches only under `condition`, and while somebody else is enrolled, so that somebody is always left. */
export function markPersonRemoved(
  person: { id: string; by: string; workspace: string; now: number },
  condition: Statement,
): Statement {
  return {
    sql: `UPDATE person SET removed_at = ?
          WHERE id = ? AND id <> ? AND workspace = ? AND removed_at IS NULL
            AND EXISTS (SELECT 1 FROM person AS other
                        WHERE other.id = ? AND other.workspace = ? AND other.removed_at IS NULL)
            AND ${condition.sql}
          RETURNING id`,
    params: [
      person.now,
      person.id,
      person.by,
      person.workspace,
      person.by,
      person.workspace,
      ...condition.params,
    ],
  };
}

/** What goes with a person: passkeys, web sessions, and invites that nobody has used. */
export function withdrawCredentials(person: { id: string; now: number }): readonly Statement[] {
  return [
    {
      sql: 'UPDATE passkey SET removed_at = ? WHERE person_id = ? AND removed_at IS NULL',
      params: [person.now, person.id],
    },
    {
      sql: 'UPDATE web_session SET revoked_at = ? WHERE person_id = ? AND revoked_at IS NULL',
      params: [person.now, person.id],
    },
    {
      sql: 'UPDATE invite SET revoked_at = ? WHERE created_by = ? AND used_at IS NULL AND revoked_at IS NULL',
      params: [person.now, `person:${person.id}`],
    },
  ];
}
