import type { Reader, Row, SqlValue, Statement } from '../storage/database.ts';
import type { Endpoint } from './endpoint.ts';

/** An endpoint with what only deliveries need: sealed keys, and how far the ledger has been read for it. */
export interface StoredEndpoint extends Endpoint {
  readonly sealedKeys: string;
  readonly previousKeys: string | undefined;
  /** The first entry that has not been looked at. */
  readonly nextSeq: number;
  /** Of the newest head that it was told of, and when that was. */
  readonly checkpointSize: number;
  readonly checkpointAt: number;
}

const text = (value: SqlValue | undefined): string | undefined => (value == null ? undefined : String(value));
const integer = (value: SqlValue | undefined): number | undefined =>
  value == null ? undefined : Number(value);

function toEndpoint(row: Row): StoredEndpoint {
  return {
    id: String(row.id),
    url: String(row.url),
    events: JSON.parse(String(row.events)) as string[],
    description: String(row.description),
    enabled: Number(row.enabled) === 1,
    disabledReason: text(row.disabled_reason),
    publicKey: String(row.public_key),
    previousUntil: integer(row.previous_until),
    pending: Number(row.pending),
    dead: Number(row.dead),
    createdBy: String(row.created_by),
    createdAt: Number(row.created_at),
    sealedKeys: String(row.keys_sealed),
    previousKeys: text(row.previous_sealed),
    nextSeq: Number(row.next_seq),
    checkpointSize: Number(row.checkpoint_size),
    checkpointAt: Number(row.checkpoint_at),
  };
}

const COUNTS = `
  (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = webhook.id AND d.state = 'pending') AS pending,
  (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = webhook.id AND d.state = 'dead') AS dead`;

/** Oldest first. */
export async function allEndpoints(database: Reader, workspace: string): Promise<StoredEndpoint[]> {
  const rows = await database.query({
    sql: `SELECT *, ${COUNTS} FROM webhook WHERE workspace = ? ORDER BY created_at, id`,
    params: [workspace],
  });
  return rows.map(toEndpoint);
}

export async function endpointById(
  database: Reader,
  at: { id: string; workspace: string },
): Promise<StoredEndpoint | undefined> {
  const rows = await database.query({
    sql: `SELECT *, ${COUNTS} FROM webhook WHERE id = ? AND workspace = ?`,
    params: [at.id, at.workspace],
  });
  return rows[0] && toEndpoint(rows[0]);
}

/** One that is switched on, without its counts. */
export async function liveEndpoint(
  database: Reader,
  at: { id: string; workspace: string },
): Promise<StoredEndpoint | undefined> {
  const rows = await database.query({
    sql: 'SELECT *, 0 AS pending, 0 AS dead FROM webhook WHERE id = ? AND workspace = ? AND enabled = 1',
    params: [at.id, at.workspace],
  });
  return rows[0] && toEndpoint(rows[0]);
}

/** As a guard: refused when there are as many endpoints as there may be. */
export function insertEndpoint(
  endpoint: Pick<Endpoint, 'id' | 'url' | 'events' | 'description' | 'publicKey' | 'createdBy'> & {
    readonly workspace: string;
    readonly sealedKeys: string;
    /** The ledger's size: what happened before is not told. */
    readonly from: number;
    readonly at: number;
    readonly most: number;
  },
): Statement {
  const { workspace } = endpoint;
  return {
    sql: `INSERT INTO webhook (id, workspace, url, events, description, enabled, public_key, keys_sealed, next_seq,
        checkpoint_size, checkpoint_at, created_by, created_at)
      SELECT ?, ?, ?, ?, ?, 1, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT), 0, ?, CAST(? AS BIGINT)
      WHERE (SELECT count(*) FROM webhook WHERE workspace = ?) < ? RETURNING id`,
    params: [
      endpoint.id,
      workspace,
      endpoint.url,
      JSON.stringify(endpoint.events),
      endpoint.description,
      endpoint.publicKey,
      endpoint.sealedKeys,
      endpoint.from,
      endpoint.from,
      endpoint.createdBy,
      endpoint.at,
      workspace,
      endpoint.most,
    ],
  };
}

/**
 * What a change leaves as it is, it does not name. One that is switched on again begins where the ledger ends. Refused
 * when the address is not `at.url`, where that is given.
 */
export function updateEndpoint(
  at: { id: string; workspace: string; url?: string },
  change: {
    url?: string | undefined;
    events?: readonly string[] | undefined;
    description?: string | undefined;
    enabled?: boolean | undefined;
    reason?: string | undefined;
    from: number;
  },
): Statement {
  const { url, events, description, enabled } = change;
  const on = enabled === undefined ? null : Number(enabled);
  return {
    sql: `UPDATE webhook SET url = COALESCE(?, url), events = COALESCE(?, events),
        description = COALESCE(?, description),
        next_seq = CASE WHEN enabled = 0 AND ? = 1 THEN ? ELSE next_seq END,
        checkpoint_size = CASE WHEN enabled = 0 AND ? = 1 THEN ? ELSE checkpoint_size END,
        disabled_reason = CASE WHEN ? = 0 THEN ? WHEN ? = 1 THEN NULL ELSE disabled_reason END,
        enabled = COALESCE(?, enabled)
      WHERE id = ? AND workspace = ?${at.url === undefined ? '' : ' AND url = ?'} RETURNING id`,
    params: [
      url ?? null,
      events === undefined ? null : JSON.stringify(events),
      description ?? null,
      on,
      change.from,
      on,
      change.from,
      on,
      change.reason ?? null,
      on,
      on,
      at.id,
      at.workspace,
      ...(at.url === undefined ? [] : [at.url]),
    ],
  };
}

/** Puts new keys in force and keeps those before them for a time; refused when others have rotated meanwhile. */
export function rotateEndpoint(
  at: { id: string; workspace: string },
  keys: { sealed: string; publicKey: string; before: string; previousUntil: number },
): Statement {
  return {
    sql: `UPDATE webhook SET previous_sealed = keys_sealed, previous_until = ?, keys_sealed = ?, public_key = ?
      WHERE id = ? AND workspace = ? AND keys_sealed = ? RETURNING id`,
    params: [keys.previousUntil, keys.sealed, keys.publicKey, at.id, at.workspace, keys.before],
  };
}

export function retireEndpoint(at: { id: string; workspace: string }): Statement {
  return {
    sql: 'UPDATE webhook SET enabled = 0 WHERE id = ? AND workspace = ? RETURNING id',
    params: [at.id, at.workspace],
  };
}

/** What follows `retireEndpoint` in its transaction: nothing of the endpoint stays. */
export function eraseEndpoint(id: string): Statement[] {
  return [
    { sql: 'DELETE FROM webhook_delivery WHERE webhook_id = ?', params: [id] },
    { sql: 'DELETE FROM webhook WHERE id = ?', params: [id] },
  ];
}

/** Moves the place in the ledger; refused when it is not where it was read, or the endpoint is switched off. */
export function moveCursor(move: { id: string; from: number; to: number }): Statement {
  return {
    sql: 'UPDATE webhook SET next_seq = ? WHERE id = ? AND next_seq = ? AND enabled = 1 RETURNING id',
    params: [move.to, move.id, move.from],
  };
}

/** The same for the newest head that was told. */
export function moveCheckpoint(move: { id: string; from: number; to: number; at: number }): Statement {
  return {
    sql: `UPDATE webhook SET checkpoint_size = ?, checkpoint_at = ?
      WHERE id = ? AND checkpoint_size = ? AND enabled = 1 RETURNING id`,
    params: [move.to, move.at, move.id, move.from],
  };
}
