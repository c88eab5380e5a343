import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { getEndpoint, removeEndpoint } from '../../src/notifications/manage.ts';
import type { OutboxDeps } from '../../src/notifications/ports.ts';
import { completed, type Mailroom, OPERATOR, openMailroom } from './mailroom.ts';

/** The ledger of a room, with a count of those who listen to it. */
function counted(room: Mailroom): { ledger: OutboxDeps['ledger']; listening: () => number } {
  const { ledger } = room.endpoints as unknown as OutboxDeps;
  const count = { listeners: 0 };
  return {
    listening: () => count.listeners,
    ledger: {
      commit: ledger.commit,
      head: ledger.head,
      checkpointNow: ledger.checkpointNow,
      onEntries(listener) {
        const off = ledger.onEntries(listener);
        count.listeners += 1;
        return () => {
          count.listeners -= 1;
          off();
        };
      },
    },
  };
}

it('nobody listens to the ledger while there is no endpoint that is switched on', async () => {
  const room = await openMailroom();
  await room.outbox.close();
  const { ledger, listening } = counted(room);
  const outbox = room.reopened({ ledger });
  await outbox.refresh();
  expect(listening()).toBe(0);
  const { endpoint } = await room.add();
  await outbox.refresh();
  expect(listening()).toBe(1);
  await removeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR });
  await outbox.refresh();
  expect(listening()).toBe(0);
});

describe('the place of an endpoint in the ledger', () => {
  it('passes over far stretches that hold nothing for it, and stays before what it has no room for', async () => {
    const room = await openMailroom();
    const { endpoint } = await room.add({ events: ['session.revoked'] });
    const at = async () => (await getEndpoint(room.endpoints, endpoint.id)).nextSeq;
    const before = await at();
    const noise = Array.from({ length: LIMITS.webhookScanEntries + 5 }, (_, index) =>
      completed(`req_${index}`),
    );
    await room.note(...noise);
    expect(await at()).toBe(before);
    await room.note({
      type: 'session.revoked',
      ref: { session: 'ses_1', subject: 'ann' },
      body: { reason: 'x' },
    });
    await room.arrived(1);
    expect(room.received[0]?.event.data.session).toBe('ses_1');
    expect(await at()).toBe(room.endpoints.ledger.head().size);
  });

  it('waits while ten thousand deliveries wait, and goes on when there is room', async () => {
    const room = await openMailroom();
    const { endpoint } = await room.add();
    const change = (sql: string) =>
      room.endpoints.ledger.commit({ then: [{ sql, params: [endpoint.id] }], entries: [] });
    await change(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LIMITS.webhookPending})
      INSERT INTO webhook_delivery (webhook_id, event_id, position, type, body, state, attempts, next_at, created_at)
      SELECT ?, 'evt_' || i, 0, 'x', '{}', 'pending', 1, 9000000000000, 0 FROM n`);
    const calls = Array.from({ length: LIMITS.webhookScanEntries + 5 }, (_, index) =>
      completed(`req_${index}`),
    );
    await room.note(...calls);
    await room.outbox.refresh();
    await room.outbox.close();
    expect(room.received).toEqual([]);
    await change("DELETE FROM webhook_delivery WHERE webhook_id = ? AND event_id = 'evt_1'");
    const outbox = room.reopened();
    await outbox.refresh();
    await room.arrived(3);
    await outbox.close();
    const told = room.received.slice(0, 3).map(({ event }) => event.data.call);
    expect(told).toEqual(['req_0', 'req_1', 'req_2']);
  });

  it('moves with its deliveries or not at all, whatever COMMIT reports', async () => {
    const room = await openMailroom();
    await room.outbox.close();
    await room.add();
    const { ledger } = room.endpoints as unknown as OutboxDeps;
    for (const persisted of [false, true]) {
      const faults = { left: 1 };
      const commit: typeof ledger.commit = async (change) => {
        if (change.guard?.sql.startsWith('UPDATE webhook SET next_seq') !== true || faults.left === 0)
          return ledger.commit(change);
        faults.left -= 1;
        if (persisted) await ledger.commit(change);
        throw new Error('the disk says no');
      };
      const { checkpointNow, head, onEntries } = ledger;
      const outbox = room.reopened({ ledger: { commit, checkpointNow, head, onEntries } });
      await outbox.refresh();
      const had = room.received.length;
      await room.note(completed(`req_${persisted}`));
      await expect.poll(() => room.reported.length).toBe(persisted ? 2 : 1);
      room.timers.fire();
      await room.arrived(had + 1);
      await outbox.close();
      expect(room.received.slice(had).map(({ event }) => event.data.call)).toEqual([`req_${persisted}`]);
    }
  });
});

describe('a signed head', () => {
  it('is told at most once a minute, the newest of them, as a note that anybody can check', async () => {
    const room = await openMailroom();
    await room.add({ events: ['ledger.checkpointed'] });
    await room.arrived(1);
    await room.note(completed('req_1'));
    await room.note(completed('req_2'));
    expect(room.received).toHaveLength(1);
    await expect.poll(() => room.timers.waiting()).toContain(LIMITS.webhookCheckpointIntervalMs);
    room.pass(LIMITS.webhookCheckpointIntervalMs);
    await room.arrived(2);
    const { size } = room.endpoints.ledger.head();
    const { data } = room.received[1]?.event ?? {};
    expect(data).toMatchObject({ size, root: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(data.checkpoint).toMatch(
      new RegExp(`^localhost/default\n${size}\n[^\n]+\n\n— localhost/default `),
    );
  });

  it('is not told again while the ledger has not grown', async () => {
    const room = await openMailroom();
    await room.add({ events: ['ledger.checkpointed'] });
    await room.arrived(1);
    for (let minute = 0; minute < 3; minute += 1) {
      room.pass(LIMITS.webhookCheckpointIntervalMs);
      await room.outbox.refresh();
    }
    await room.outbox.close();
    expect(room.received).toHaveLength(1);
  });
});

it('what was delivered is forgotten after a week, and what is dead after a month', async () => {
  const room = await openMailroom();
  const { endpoint } = await room.add();
  await room.note(completed('req_1'));
  await room.arrived(1);
  await expect.poll(() => room.deliveries(endpoint.id, 'delivered')).toHaveLength(1);
  room.pass(LIMITS.webhookDeliveredKeptMs);
  await room.note();
  expect(await room.deliveries(endpoint.id)).toHaveLength(1);
  room.pass(1);
  await expect.poll(() => room.deliveries(endpoint.id)).toEqual([]);
  await room.endpoints.ledger.commit({
    then: [
      {
        sql: `INSERT INTO webhook_delivery (webhook_id, event_id, position, type, body, state, attempts, next_at, created_at,
          ended_at) VALUES (?, 'evt_1', 1, 'x', '{}', 'dead', 10, 0, 0, ?)`,
        params: [endpoint.id, room.endpoints.now()],
      },
    ],
    entries: [],
  });
  room.pass(LIMITS.webhookDeadKeptMs);
  await room.note();
  expect(await room.deliveries(endpoint.id, 'dead')).toHaveLength(1);
  room.pass(1);
  await expect.poll(() => room.deliveries(endpoint.id)).toEqual([]);
});
