import { describe, expect, it } from 'vitest';
import type { Risk } from '../../../src/policy/verdict.ts';
import { createKey } from '../../../src/principals/keys.ts';
import { mintSession } from '../../../src/sessions/mint.ts';
import { holding } from '../../approvals/desk.ts';
import { pushOf } from '../channels/loft.ts';
import { openHangar, settledPushes } from './hangar.ts';

const M = 60_000;
const S = 1_000;

const risky = (risk: Risk) => ({ verdict: { ...holding(), risk } });

describe('a device', () => {
  it('is told of what is held, once, by a message that opens one page and decides nothing', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    await loft.open([pushOf()]);
    await loft.desk.hold({ before: 1 });
    await hangar.add(ada);
    const { approval } = await loft.desk.hold({ amount_cents: 7500, to: 'cus_1' });
    const [pushed, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(pushed?.message).toEqual({
      v: 1,
      tag: approval.id,
      title: 'high risk: bank/pay waits for a decision',
      body: expect.stringContaining('pay: 75.00 (amount_cents 7500), to cus_1\nfor '),
      url: `/approvals/${approval.id}`,
      risk: 'high',
      at: loft.desk.office.deps.now(),
    });
    expect(pushed).toMatchObject({ ttl: 600, urgency: 'high', claims: { sub: 'mailto:ops@example.com' } });
    expect(pushed?.topic).not.toContain(approval.id);
    expect(pushed?.text).not.toContain('deny');
    expect((await hangar.devices(ada))[0]).toMatchObject({
      toldAt: loft.desk.office.deps.now(),
      lastError: undefined,
    });
  });

  it('is told only of what its person may decide, and of more once that is escalated to them', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const { office } = loft.desk;
    const ada = await office.bootstrap();
    const bob = await office.invite(ada, 'Bob', { groups: ['leads'] });
    await loft.open([pushOf()]);
    await hangar.add(ada);
    const bobs = await hangar.add(bob);
    await hangar.add(await office.invite(ada, 'Cleo', { groups: ['tills'] }));
    const escalations = [{ afterMs: 5 * M, groups: ['leads'] }];
    const verdict = holding({ groups: ['tills'], escalations });
    const { approval } = await loft.desk.hold({ a: 1 }, { verdict });
    const [cleos, ...others] = await settledPushes(hangar);
    expect(others).toEqual([]);
    expect(cleos?.message.title).toBe('high risk: bank/pay waits for a decision');
    office.advance(5 * M);
    const body = { after_ms: 5 * M, groups: ['leads'] };
    const entry = { type: 'approval.escalated', ref: { approval: approval.id }, body } as const;
    await office.deps.ledger.commit({ entries: [entry] });
    const [, pushed, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(pushed?.endpoint).not.toBe(cleos?.endpoint);
    expect(pushed?.message).toMatchObject({
      tag: approval.id,
      title: 'high risk: bank/pay still waits for a decision',
      body: expect.stringContaining('so leads may decide now too'),
    });
    expect((await hangar.devices(bob))[0]).toMatchObject({ id: bobs.id, toldAt: office.deps.now() });
    expect((await hangar.devices(ada))[0]?.toldAt).toBeUndefined();
    await loft.desk.hold({ b: 2 });
    expect(await settledPushes(hangar)).toHaveLength(5);
  });

  it('is not told of what its person’s own agent asks for', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const bob = await loft.desk.office.invite(ada, 'Bob', { subject: 'bob@example.com' });
    await loft.open([pushOf()]);
    await hangar.add(bob);
    const session = await loft.desk.mint({ subject: 'bob@example.com' });
    await loft.desk.hold({ own: 1 }, { session });
    expect(await settledPushes(hangar)).toEqual([]);
    await loft.desk.hold({ own: 2 }, { session, verdict: holding({ excludeRequester: false }) });
    await loft.desk.hold({ of: 'others' });
    expect((await settledPushes(hangar)).map(({ message }) => message.body.split('\n')[0])).toEqual([
      'pay: own 2',
      'pay: of others',
    ]);
  });

  it('is not told of what asks with a key that its person has made', async () => {
    const hangar = await openHangar();
    const { desk, open } = hangar.loft;
    const ada = await desk.office.bootstrap();
    await open([pushOf()]);
    await hangar.add(ada);
    const by = `person:${ada.person.id}`;
    const { key } = await createKey(desk.office.deps, { name: 'x', roles: ['minter'], by });
    const minting = { ...desk.office.deps, defaultTtlMs: 600_000 };
    const { session } = await mintSession(minting, { subject: 'bob@example.com' }, `api_key:${key.id}`);
    await desk.hold({ own: 1 }, { session });
    expect(await settledPushes(hangar)).toEqual([]);
    await desk.hold({ own: 2 }, { session, verdict: holding({ excludeRequester: false }) });
    expect((await settledPushes(hangar)).map(({ message }) => message.body.split('\n')[0])).toEqual([
      'pay: own 2',
    ]);
  });

  it('is told nothing where the configuration names groups, and its person is in none of them', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const bob = await loft.desk.office.invite(ada, 'Bob', { groups: ['leads', 'finance'] });
    await loft.open([pushOf({ when: { groups: ['leads'] } })]);
    await hangar.add(ada);
    await hangar.add(bob);
    await loft.desk.hold({ all: 1 });
    await loft.desk.hold({ finance: 1 }, { verdict: holding({ groups: ['finance'] }) });
    await loft.desk.hold({ leads: 1 }, { verdict: holding({ groups: ['leads'] }) });
    const bodies = (await settledPushes(hangar)).map(({ message }) => message.body.split('\n')[0]);
    expect(bodies.toSorted()).toEqual(['pay: all 1', 'pay: leads 1']);
  });

  it('is reminded of what still waits, and of nothing that its person has decided', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const bob = await loft.desk.office.invite(ada, 'Bob');
    await loft.open([pushOf({ remindMs: 2 * M })]);
    await hangar.add(ada);
    await hangar.add(bob);
    const { approval } = await loft.desk.hold({ a: 1 }, { verdict: holding({ quorum: 2 }) });
    expect(await settledPushes(hangar)).toHaveLength(2);
    await loft.desk.decide(ada, approval.id, 'approve');
    loft.pass(8 * M);
    const [, , reminder, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(reminder?.message).toMatchObject({
      tag: approval.id,
      title: 'high risk: bank/pay is about to expire',
    });
    expect(reminder?.ttl).toBe(120);
    expect((await hangar.devices(bob))[0]?.toldAt).toBe(loft.desk.office.deps.now());
  });

  it('is told in one message of what a digest gathers, and at once of what is critical', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    await loft.open([pushOf({ digestMs: 5 * M })]);
    await hangar.add(ada);
    await loft.desk.hold({ a: 1 }, risky('low'));
    await loft.desk.hold({ b: 1 }, risky('medium'));
    await loft.desk.hold({ c: 1 }, risky('critical'));
    expect((await settledPushes(hangar)).map(({ message }) => message.risk)).toEqual(['critical']);
    loft.pass(5 * M);
    const [, digest, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(digest).toMatchObject({ urgency: 'normal', ttl: 300 });
    expect(digest?.message).toMatchObject({
      title: '2 calls wait for a decision, up to medium risk',
      body: '[medium] bank/pay - pay: b 1\n[low] bank/pay - pay: a 1',
      url: '/',
      risk: 'medium',
    });
  });

  it('is left alone in quiet hours', async () => {
    const hangar = await openHangar();
    const { loft } = hangar;
    const ada = await loft.desk.office.bootstrap();
    const quiet = { fromMinute: 11 * 60, toMinute: 12 * 60 + 5, zone: 'UTC' };
    await loft.open([pushOf({ quiet })]);
    await hangar.add(ada);
    await loft.desk.hold({ a: 1 }, risky('high'));
    await expect.poll(async () => (await hangar.rows()).channel_notice).toBe(1);
    expect(await settledPushes(hangar)).toEqual([]);
    loft.pass(5 * M);
    expect(await settledPushes(hangar)).toHaveLength(1);
  });

  it('that cannot be reached is tried again by the schedule, and tells so meanwhile', async () => {
    const hangar = await openHangar();
    const { loft, service } = hangar;
    const ada = await loft.desk.office.bootstrap();
    service.answer = () => 503;
    await loft.open([pushOf()]);
    await hangar.add(ada);
    await loft.desk.hold({ a: 1 });
    await settledPushes(hangar);
    const failed = { toldAt: undefined, lastError: 'answered with 503' };
    expect((await hangar.devices(ada))[0]).toMatchObject(failed);
    service.answer = () => 201;
    loft.pass(6 * S);
    const [first, second, ...more] = await settledPushes(hangar);
    expect(more).toEqual([]);
    expect(second).toMatchObject({ topic: first?.topic, message: { tag: first?.message.tag } });
    const told = { toldAt: loft.desk.office.deps.now(), lastError: undefined };
    expect((await hangar.devices(ada))[0]).toMatchObject(told);
  });
});
