import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { changeEndpoint, getEndpoint, removeEndpoint, rotateKeys } from '../../src/notifications/manage.ts';
import type { OutboxDeps } from '../../src/notifications/ports.ts';
import { completed, HOOK, type Mailroom, OPERATOR, openMailroom } from './mailroom.ts';

const S = 1_000;
const DAY = 24 * 3_600 * S;

const typesOf = (room: Mailroom): string[] => room.received.map(({ event }) => event.type);

describe('an endpoint', () => {
  it('is told of what happens after it was added, once each, signed, with nothing of what was said', async () => {
    const room = await openMailroom();
    await room.note(completed('req_0'));
    const { secret } = await room.add();
    const ada = await room.desk.office.bootstrap();
    const { approval } = await room.desk.hold({ amount_cents: 7500, note: 'canary-argument' });
    await room.desk.decide(ada, approval.id, 'approve', 'canary-reason');
    await room.arrived(3);
    expect(typesOf(room)).toEqual(['approval.requested', 'approval.decided', 'capability.issued']);
    expect(room.received.map(({ event }) => event.data.approval)).toEqual(Array(3).fill(approval.id));
    expect(JSON.stringify(room.received)).not.toContain('canary');
    for (const { url, headers, body } of room.received) {
      expect(url).toBe(HOOK);
      const now = Math.floor(room.desk.office.deps.now() / S);
      expect(Number(headers['webhook-timestamp'])).toBe(now);
      const signed = new Webhook(secret).sign(String(headers['webhook-id']), new Date(now * S), body);
      expect(headers['webhook-signature']?.split(' ')).toContain(signed);
    }
    expect(new Set(room.received.map(({ headers }) => headers['webhook-id'])).size).toBe(3);
  });

  it('is told only of the types that it wants', async () => {
    const room = await openMailroom();
    await room.add({ events: ['session.revoked'] });
    await room.note(completed('req_1'), {
      type: 'session.revoked',
      ref: { session: 'ses_1', subject: 'ann' },
      body: { reason: 'x' },
    });
    await room.arrived(1);
    expect(typesOf(room)).toEqual(['session.revoked']);
    await room.outbox.close();
    expect(room.received).toHaveLength(1);
  });

  it('that fails is asked again with the same id and body by the schedule, and a later time', async () => {
    const room = await openMailroom();
    room.reply = () => (room.received.length < 3 ? 500 : 200);
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await expect.poll(() => room.timers.waiting().filter((ms) => ms > 0 && ms < 6 * S).length).toBe(1);
    room.pass(4 * S);
    room.pass(1.6 * S);
    await room.arrived(2);
    await expect.poll(async () => (await room.deliveries(endpoint.id))[0]?.attempts).toBe(2);
    room.pass(331 * S);
    await room.arrived(3);
    const [first, second, third] = room.received;
    expect([second?.body, third?.body]).toEqual([first?.body, first?.body]);
    expect(new Set(room.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(room.received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(3);
    await expect
      .poll(() => room.deliveries(endpoint.id))
      .toMatchObject([{ state: 'delivered', attempts: 3, status: 200, error: undefined }]);
  });

  it('that never answers has dead deliveries after ten attempts, and not before', async () => {
    const room = await openMailroom();
    room.reply = () => Promise.reject(new Error('ECONNREFUSED 10.0.0.7'));
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      await room.arrived(attempt);
      await expect.poll(async () => (await room.deliveries(endpoint.id))[0]?.attempts).toBe(attempt);
      const state = attempt < 10 ? 'pending' : 'dead';
      expect(await room.deliveries(endpoint.id)).toMatchObject([{ state, error: 'it cannot be sent' }]);
      room.pass(2 * DAY);
    }
    await room.outbox.close();
    expect(room.received).toHaveLength(10);
  });

  it('that answers 410 is switched off, on the ledger too, and gets nothing more', async () => {
    const room = await openMailroom();
    room.reply = () => 410;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await expect.poll(async () => (await getEndpoint(room.endpoints, endpoint.id)).enabled).toBe(false);
    expect(await getEndpoint(room.endpoints, endpoint.id)).toMatchObject({ disabledReason: 'gone', dead: 1 });
    await room.note(completed('req_2'));
    room.pass(DAY);
    await room.outbox.close();
    expect(room.received).toHaveLength(1);
    const [entry] = await room.desk.office.entries('webhook.changed');
    expect(entry).toMatchObject({ body: { webhook: endpoint.id, enabled: false, reason: 'gone' } });
  });

  it('that was switched off goes on with what waited, and hears nothing of the time between', async () => {
    const room = await openMailroom();
    room.reply = () => 500;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    const set = (enabled: boolean) =>
      changeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR, change: { enabled } });
    await set(false);
    await room.note(completed('req_2'));
    room.reply = () => 200;
    room.pass(10 * S);
    await set(true);
    await room.note(completed('req_3'));
    await room.arrived(3);
    expect(room.received.map(({ event }) => event.data.call)).toEqual(['req_1', 'req_1', 'req_3']);
  });

  it('whose keys were rotated gets both signatures until the overlap is over', async () => {
    const room = await openMailroom();
    const { endpoint, secret: old } = await room.add();
    const rotated = await rotateKeys(room.endpoints, { id: endpoint.id, by: OPERATOR, overlapMs: 60 * S });
    expect(rotated.secret).not.toBe(old);
    expect(rotated.endpoint.publicKey).not.toBe(endpoint.publicKey);
    await room.note(completed('req_1'));
    await room.arrived(1);
    room.pass(60 * S);
    await room.note(completed('req_2'));
    await room.arrived(2);
    const known = room.received.map(({ headers, body }) =>
      [old, rotated.secret].map((secret) => {
        const at = new Date(Number(headers['webhook-timestamp']) * S);
        const signature = new Webhook(secret).sign(String(headers['webhook-id']), at, body);
        return headers['webhook-signature']?.split(' ').includes(signature);
      }),
    );
    expect(known).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it('that was removed gets nothing more, and nothing of it stays', async () => {
    const room = await openMailroom();
    room.reply = () => 500;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await removeEndpoint(room.endpoints, { id: endpoint.id, by: OPERATOR });
    room.pass(DAY);
    await room.note(completed('req_2'));
    await room.outbox.close();
    expect(room.received).toHaveLength(1);
    for (const table of ['webhook', 'webhook_delivery'])
      expect(await room.endpoints.database.query({ sql: `SELECT * FROM ${table}`, params: [] })).toEqual([]);
  });
});

describe('the order of one approval', () => {
  it('is kept: a later event waits until the earlier one has arrived, and no other approval waits with it', async () => {
    const room = await openMailroom();
    const { approval: first } = await room.desk.hold({ amount_cents: 1 });
    const { approval: second } = await room.desk.hold({ amount_cents: 2 });
    const ada = await room.desk.office.bootstrap();
    room.reply = ({ event }) =>
      event.type === 'approval.decided' && event.data.approval === first.id && room.received.length < 5
        ? 500
        : 200;
    await room.add({ events: ['approval.decided', 'capability.issued'] });
    await room.desk.decide(ada, first.id, 'approve');
    await room.arrived(1);
    await room.desk.decide(ada, second.id, 'approve');
    await room.arrived(3);
    const told = () => room.received.map(({ event }) => `${event.data.approval} ${event.type}`);
    expect(told()).toEqual([
      `${first.id} approval.decided`,
      `${second.id} approval.decided`,
      `${second.id} capability.issued`,
    ]);
    room.pass(6 * S);
    await room.arrived(4);
    room.reply = () => 200;
    room.pass(400 * S);
    await room.arrived(6);
    expect(told().slice(3)).toEqual([
      `${first.id} approval.decided`,
      `${first.id} approval.decided`,
      `${first.id} capability.issued`,
    ]);
  });

  it('is kept by what is under way too: nothing later is sent beside it', async () => {
    const room = await openMailroom();
    const { approval } = await room.desk.hold();
    const ada = await room.desk.office.bootstrap();
    const answer = Promise.withResolvers<number>();
    room.reply = () => answer.promise;
    await room.add();
    await room.desk.decide(ada, approval.id, 'approve');
    await expect.poll(() => room.received.length).toBe(1);
    await room.outbox.refresh();
    await room.note(completed('req_1'));
    await expect.poll(() => room.received.length).toBe(2);
    expect(typesOf(room)).toEqual(['approval.decided', 'call.completed']);
    room.reply = () => 200;
    answer.resolve(200);
    await room.arrived(3);
    expect(typesOf(room)[2]).toBe('capability.issued');
  });
});

describe('what is under way', () => {
  it('is four deliveries of an endpoint at most, and a slow endpoint delays no other', async () => {
    const room = await openMailroom();
    const slow = Promise.withResolvers<number>();
    room.reply = ({ url }) => (url === HOOK ? slow.promise : 200);
    await room.add();
    await room.add({ url: 'https://fast.example/in' });
    await room.note(...Array.from({ length: 9 }, (_, index) => completed(`req_${index}`)));
    const to = (url: string) => room.received.filter((one) => one.url === url).length;
    await expect.poll(() => to('https://fast.example/in')).toBe(9);
    expect(to(HOOK)).toBe(LIMITS.webhookDeliveriesAtOnce);
    slow.resolve(200);
    await room.arrived(18);
    expect(to(HOOK)).toBe(9);
  });

  it('is waited for when the outbox closes, and recorded', async () => {
    const room = await openMailroom();
    const answer = Promise.withResolvers<number>();
    room.reply = () => answer.promise;
    const { endpoint } = await room.add();
    await room.note(completed('req_1'));
    await expect.poll(() => room.received.length).toBe(1);
    const closed = room.outbox.close();
    answer.resolve(200);
    await closed;
    expect(await room.deliveries(endpoint.id)).toMatchObject([{ state: 'delivered' }]);
  });
});

describe('a restart', () => {
  it('goes on with what had happened and what had not been delivered', async () => {
    const room = await openMailroom();
    room.reply = () => 503;
    await room.add();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await room.outbox.close();
    await room.note(completed('req_2'));
    room.reply = () => 200;
    room.pass(10 * S);
    await room.reopened().refresh();
    await room.arrived(3);
    expect(room.received.map(({ event }) => event.data.call).sort()).toEqual(['req_1', 'req_1', 'req_2']);
  });

  it('after a crash between the answer and its record sends it again under the same id', async () => {
    const room = await openMailroom();
    const { ledger } = room.endpoints;
    await room.outbox.close();
    const { endpoint } = await room.add();
    // Whatever records an attempt does not come through: the process is gone by then.
    const dying = {
      ...ledger,
      commit: (change: Parameters<typeof ledger.commit>[0]) =>
        change.guard?.sql.includes('attempts + 1') === true
          ? Promise.reject(new Error('killed'))
          : ledger.commit(change),
    } as unknown as OutboxDeps['ledger'];
    const first = room.reopened({ ledger: dying });
    await first.refresh();
    await room.note(completed('req_1'));
    await room.arrived(1);
    await first.close();
    expect(await room.deliveries(endpoint.id)).toMatchObject([{ state: 'pending', attempts: 0 }]);
    await room.reopened().refresh();
    await room.arrived(2);
    const ids = room.received.map(({ headers }) => headers['webhook-id']);
    expect(ids[1]).toBe(ids[0]);
    await expect.poll(() => room.deliveries(endpoint.id)).toMatchObject([{ state: 'delivered' }]);
    expect(room.reported).toHaveLength(1);
  });
});
