import type { Risk } from '../../policy/verdict.ts';
import type { Reader, Row, Statement } from '../../storage/database.ts';
import { idList } from '../../storage/id-list.ts';
import type { Cause } from './message.ts';

/** Something to tell a channel, not yet part of a message. Times are epoch milliseconds. */
export interface Notice {
  /** Grows with the ledger; unique in a channel. */
  readonly position: number;
  readonly cause: Cause;
  readonly note: string;
  readonly approval: string;
  /** Whose requests are counted together. */
  readonly source: string;
  readonly risk: Risk;
  readonly gathered: boolean;
  readonly dueAt: number;
}

function toNotice(row: Row): Notice {
  return {
    position: Number(row.position),
    cause: String(row.cause) as Cause,
    note: String(row.note),
    approval: String(row.approval),
    source: String(row.source),
    risk: String(row.risk) as Risk,
    gathered: Number(row.gathered) === 1,
    dueAt: Number(row.due_at),
  };
}

/** A channel that is new begins where the ledger ends; what happened before is not told. */
export function insertChannel(id: string, from: number): Statement {
  return {
    sql: 'INSERT INTO channel (id, next_seq) VALUES (?, ?) ON CONFLICT (id) DO NOTHING',
    params: [id, from],
  };
}

/** Every channel that has a place. */
export async function knownChannels(database: Reader): Promise<string[]> {
  const rows = await database.query({ sql: 'SELECT id FROM channel ORDER BY id', params: [] });
  return rows.map((row) => String(row.id));
}

/** Nothing stays of a channel that is not configured any more. */
export function eraseChannel(id: string): Statement[] {
  return [
    { sql: 'DELETE FROM channel_notice WHERE channel = ?', params: [id] },
    { sql: 'DELETE FROM webhook_delivery WHERE webhook_id = ?', params: [id] },
    { sql: 'DELETE FROM channel WHERE id = ?', params: [id] },
  ];
}

/** The first entry that has not been looked at for the channel. */
export async function placeOf(database: Reader, id: string): Promise<number | undefined> {
  const [row] = await database.query({ sql: 'SELECT next_seq FROM channel WHERE id = ?', params: [id] });
  return row === undefined ? undefined : Number(row.next_seq);
}

/** As a guard: refused when the place is not where it was read. */
export function movePlace(move: { id: string; from: number; to: number }): Statement {
  return {
    sql: 'UPDATE channel SET next_seq = ? WHERE id = ? AND next_seq = ? RETURNING id',
    params: [move.to, move.id, move.from],
  };
}

export function insertNotice(channel: string, notice: Notice, at: number): Statement {
  const { position, cause, note, approval, source, risk, gathered, dueAt } = notice;
  return {
    sql: `INSERT INTO channel_notice (channel, position, cause, note, approval, source, risk, gathered, due_at,
        created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [channel, position, cause, note, approval, source, risk, Number(gathered), dueAt, at],
  };
}

/** How many requests and escalations of one source with a risk were noted after a moment, counted no further than `most`. */
export async function countNoted(
  database: Reader,
  about: { channel: string; source: string; risk: Risk; after: number; most: number },
): Promise<number> {
  const [row] = await database.query({
    sql: `SELECT count(*) AS noted FROM (SELECT 1 FROM channel_notice WHERE channel = ? AND source = ? AND risk = ?
      AND created_at > ? AND cause <> 'reminder' LIMIT ?) AS some`,
    params: [about.channel, about.source, about.risk, about.after, about.most],
  });
  return Number(row?.noted ?? 0);
}

/** When the next message of what is being gathered is due; undefined when nothing is. Reminders have times of their own. */
export async function openDueOf(
  database: Reader,
  about: { channel: string; after: number },
): Promise<number | undefined> {
  const [row] = await database.query({
    sql: `SELECT min(due_at) AS due_at FROM channel_notice
      WHERE channel = ? AND told_at IS NULL AND gathered = 1 AND cause <> 'reminder' AND due_at > ?`,
    params: [about.channel, about.after],
  });
  return row?.due_at == null ? undefined : Number(row.due_at);
}

/** What is due, oldest first, at most `limit`. */
export async function dueNotices(
  database: Reader,
  about: { channel: string; now: number; limit: number },
): Promise<Notice[]> {
  const rows = await database.query({
    sql: `SELECT * FROM channel_notice WHERE channel = ? AND told_at IS NULL AND due_at <= ?
      ORDER BY due_at, position LIMIT ?`,
    params: [about.channel, about.now, about.limit],
  });
  return rows.map(toNotice);
}

/** When the next notice is due; undefined when none waits. */
export async function nextDue(database: Reader, channel: string): Promise<number | undefined> {
  const [row] = await database.query({
    sql: 'SELECT min(due_at) AS due_at FROM channel_notice WHERE channel = ? AND told_at IS NULL',
    params: [channel],
  });
  return row?.due_at == null ? undefined : Number(row.due_at);
}

/** As a guard: these are part of a message now, or have nothing to say any more. */
export function markTold(channel: string, positions: readonly number[], at: number): Statement {
  const { marks, params } = idList(positions.map(String));
  return {
    sql: `UPDATE channel_notice SET told_at = ? WHERE channel = ? AND told_at IS NULL
      AND CAST(position AS TEXT) IN (${marks}) RETURNING position`,
    params: [at, channel, ...params],
  };
}

/** Told ones are kept as long as they count for how often an agent was told of. */
export function forgetNotices(before: number): Statement {
  return {
    sql: 'DELETE FROM channel_notice WHERE told_at IS NOT NULL AND told_at < ? AND created_at < ?',
    params: [before, before],
  };
}

export interface ChannelCounts {
  /** Requests that are being gathered, messages that wait, and messages that were given up. */
  readonly gathered: number;
  readonly pending: number;
  readonly dead: number;
  /** Of the newest message whose last attempt was no success, or not for everyone. */
  readonly lastError: string | undefined;
}

export async function channelCounts(database: Reader, id: string): Promise<ChannelCounts> {
  return countsOf(database, { sql: '?', params: [id] });
}

/** The same for all that `ids` selects together. */
export async function countsOf(database: Reader, ids: Statement): Promise<ChannelCounts> {
  const [row] = await database.query({
    sql: `SELECT
      (SELECT count(*) FROM channel_notice WHERE channel IN (${ids.sql}) AND told_at IS NULL) AS gathered,
      (SELECT count(*) FROM webhook_delivery WHERE webhook_id IN (${ids.sql}) AND state = 'pending') AS pending,
      (SELECT count(*) FROM webhook_delivery WHERE webhook_id IN (${ids.sql}) AND state = 'dead') AS dead,
      (SELECT error FROM webhook_delivery WHERE webhook_id IN (${ids.sql}) AND error IS NOT NULL
        ORDER BY attempted_at DESC LIMIT 1) AS last_error`,
    params: [...ids.params, ...ids.params, ...ids.params, ...ids.params],
  });
  return {
    gathered: Number(row?.gathered ?? 0),
    pending: Number(row?.pending ?? 0),
    dead: Number(row?.dead ?? 0),
    lastError: row?.last_error == null ? undefined : String(row.last_error),
  };
}
