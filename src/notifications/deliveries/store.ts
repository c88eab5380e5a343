import type { Reader, Row, SqlValue, Statement } from '../../storage/database.ts';
import type { WebhookEvent } from '../event.ts';
import type { Delivery, DeliveryState } from './delivery.ts';

const text = (value: SqlValue | undefined): string | undefined => (value == null ? undefined : String(value));
const integer = (value: SqlValue | undefined): number | undefined =>
  value == null ? undefined : Number(value);

function toDelivery(row: Row): Delivery {
  return {
    event: String(row.event_id),
    webhook: String(row.webhook_id),
    type: String(row.type),
    approval: text(row.approval),
    state: String(row.state) as DeliveryState,
    body: String(row.body),
    attempts: Number(row.attempts),
    nextAt: Number(row.next_at),
    status: integer(row.status),
    error: text(row.error),
    createdAt: Number(row.created_at),
    attemptedAt: integer(row.attempted_at),
    endedAt: integer(row.ended_at),
  };
}

/** Goes into the transition that moves the receiver's place in the ledger past the event. */
export function insertDelivery(
  webhook: string,
  event: Omit<WebhookEvent, 'type'> & { readonly type: string },
  at: number,
): Statement {
  return {
    sql: `INSERT INTO webhook_delivery (webhook_id, event_id, position, type, approval, body, state, attempts, next_at,
        created_at) VALUES (?, ?, ?, ?, ?, ?, 'pending', 0, ?, ?)`,
    params: [webhook, event.id, event.position, event.type, event.approval ?? null, event.body, at, at],
  };
}

/** How many deliveries of an endpoint wait, counted no further than `most`. */
export async function countPending(database: Reader, webhook: string, most: number): Promise<number> {
  const [row] = await database.query({
    sql: `SELECT count(*) AS waiting FROM (SELECT 1 FROM webhook_delivery
      WHERE webhook_id = ? AND state = 'pending' LIMIT ?) AS some`,
    params: [webhook, most],
  });
  return Number(row?.waiting ?? 0);
}

/**
 * What waits and may go, soonest first, due or not: of each approval only the earliest delivery that has not ended.
 */
export async function nextDeliveries(database: Reader, webhook: string, limit: number): Promise<Delivery[]> {
  const rows = await database.query({
    sql: `SELECT * FROM webhook_delivery d WHERE d.webhook_id = ? AND d.state = 'pending'
      AND (d.approval IS NULL OR NOT EXISTS (SELECT 1 FROM webhook_delivery earlier
        WHERE earlier.webhook_id = d.webhook_id AND earlier.approval = d.approval AND earlier.state = 'pending'
        AND earlier.position < d.position))
      ORDER BY d.next_at, d.position LIMIT ?`,
    params: [webhook, limit],
  });
  return rows.map(toDelivery);
}

interface Attempted {
  readonly webhook: string;
  readonly event: string;
  readonly at: number;
  readonly status: number | undefined;
  readonly error: string | undefined;
}

/** Ends a delivery that waits. */
export function endDelivery(attempted: Attempted & { state: 'delivered' | 'dead' }): Statement {
  const { webhook, event, at, status, error, state } = attempted;
  return {
    sql: `UPDATE webhook_delivery SET state = ?, attempts = attempts + 1, status = ?, error = ?, attempted_at = ?,
      ended_at = ? WHERE webhook_id = ? AND event_id = ? AND state = 'pending' RETURNING event_id`,
    params: [state, status ?? null, error ?? null, at, at, webhook, event],
  };
}

/** Has it wait for another attempt. */
export function postponeDelivery(attempted: Attempted & { nextAt: number }): Statement {
  const { webhook, event, at, status, error, nextAt } = attempted;
  return {
    sql: `UPDATE webhook_delivery SET next_at = ?, attempts = attempts + 1, status = ?, error = ?, attempted_at = ?
      WHERE webhook_id = ? AND event_id = ? AND state = 'pending' RETURNING event_id`,
    params: [nextAt, status ?? null, error ?? null, at, webhook, event],
  };
}

/** Has one that has ended, or every dead one, made again from the first attempt on. */
export function repeatDeliveries(again: {
  webhook: string;
  event: string | undefined;
  at: number;
}): Statement {
  const { webhook, event, at } = again;
  const which = event === undefined ? "state = 'dead'" : "state <> 'pending' AND event_id = ?";
  return {
    sql: `UPDATE webhook_delivery SET state = 'pending', attempts = 0, next_at = ?, ended_at = NULL
      WHERE webhook_id = ? AND ${which} RETURNING event_id`,
    params: event === undefined ? [at, webhook] : [at, webhook, event],
  };
}

export interface DeliveryFilter {
  readonly webhook: string;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
}

/** Newest first by (created_at, event_id). */
export async function selectDeliveries(database: Reader, filter: DeliveryFilter): Promise<Delivery[]> {
  const where = ['webhook_id = ?'];
  const params: SqlValue[] = [filter.webhook];
  if (filter.state !== undefined) {
    where.push('state = ?');
    params.push(filter.state);
  }
  if (filter.before !== undefined) {
    where.push('(created_at < ? OR (created_at = ? AND event_id < ?))');
    params.push(filter.before.createdAt, filter.before.createdAt, filter.before.id);
  }
  const rows = await database.query({
    sql: `SELECT * FROM webhook_delivery WHERE ${where.join(' AND ')} ORDER BY created_at DESC, event_id DESC LIMIT ?`,
    params: [...params, filter.limit],
  });
  return rows.map(toDelivery);
}

export async function deliveryById(
  database: Reader,
  at: { webhook: string; event: string },
): Promise<Delivery | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM webhook_delivery WHERE webhook_id = ? AND event_id = ?',
    params: [at.webhook, at.event],
  });
  return rows[0] && toDelivery(rows[0]);
}

/** Takes back one that has nothing to say any more. */
export function withdrawDelivery({ webhook, event }: { webhook: string; event: string }): Statement {
  return {
    sql: `DELETE FROM webhook_delivery WHERE webhook_id = ? AND event_id = ? AND state = 'pending' RETURNING event_id`,
    params: [webhook, event],
  };
}

/** Forgets what ended before these times. */
export function forgetDeliveries(before: { delivered: number; dead: number }): Statement {
  return {
    sql: `DELETE FROM webhook_delivery WHERE ended_at IS NOT NULL
      AND ((state = 'delivered' AND ended_at < ?) OR (state = 'dead' AND ended_at < ?))`,
    params: [before.delivered, before.dead],
  };
}
