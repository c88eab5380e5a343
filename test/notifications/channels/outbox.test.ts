import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { isDenySignature } from '../../../src/notifications/channels/deny-link.ts';
import type { Risk } from '../../../src/policy/verdict.ts';
import { holding } from '../../approvals/desk.ts';
import { channelOf, LINK_KEY, type Loft, ORIGIN, openLoft } from './loft.ts';

const M = 60_000;

const risky = (risk: Risk) => ({ verdict: { ...holding(), risk } });
const titles = (loft: Loft): string[] => loft.arrived.map(({ body }) => body.title);
/** Told of by a channel as the last thing: whatever else was to be told has been by then. */
const marker = { verdict: { ...holding({ groups: ['marker'] }) } };

describe('a channel', () => {
  it('is told of what is held, with links and never a way to decide, once', async () => {
    const loft = await openLoft();
    await loft.desk.hold({ before: 1 });
    await loft.open([channelOf()]);
    const { approval } = await loft.desk.hold({ amount_cents: 7500, to: 'cus_1' });
    await loft.sent(1);
    const url = `${ORIGIN}/approvals/${approval.id}`;
    const [{ url: to, body } = { url: '', body: undefined }] = loft.arrived;
    expect(to).toBe('https://ntfy.example/');
    expect(body).toMatchObject({
      topic: 'ops',
      priority: 4,
      title: 'high risk: bank/pay waits for a decision',
      click: url,
    });
    expect(body.message).toContain('[high] bank/pay - pay: 75.00 (amount_cents 7500), to cus_1');
    expect(body.actions.map((one: { action: string }) => one.action)).toEqual(['view', 'view']);
    const deny = new URL(body.actions[1].url);
    expect(`${deny.origin}${deny.pathname}`).toBe(url);
    const signature = deny.searchParams.get('deny') ?? '';
    expect(isDenySignature(LINK_KEY, { approval: approval.id, signature })).toBe(true);
    expect(isDenySignature(LINK_KEY, { approval: 'apr_other', signature })).toBe(false);
    expect(await loft.settled()).toBe(1);
    expect(await loft.counts()).toMatchObject({ gathered: 0, pending: 0, dead: 0 });
  });

  it('shows nothing that policy redacts', async () => {
    const loft = await openLoft();
    await loft.open([channelOf()]);
    const verdict = { ...holding(), redact: ['/secret'] };
    await loft.desk.hold({ secret: 'canary-value', to: 'cus_1' }, { verdict });
    await loft.sent(1);
    expect(loft.arrived[0]?.body.message).toContain('secret redacted');
    expect(JSON.stringify(loft.arrived)).not.toContain('canary');
  });

  it('says nothing of a call that was decided before it could', async () => {
    const loft = await openLoft();
    const ada = await loft.desk.office.bootstrap();
    const outbox = await loft.open([channelOf()]);
    await outbox.close();
    const { approval } = await loft.desk.hold({ first: 1 });
    await loft.desk.decide(ada, approval.id, 'deny');
    await loft.open([channelOf()]);
    await loft.desk.hold({ second: 2 });
    await loft.sent(1);
    expect(loft.arrived[0]?.body.message).toContain('second 2');
    expect(await loft.settled()).toBe(1);
  });

  it('that fails is tried again by the schedule, and no more once the call was decided', async () => {
    const loft = await openLoft();
    const ada = await loft.desk.office.bootstrap();
    loft.reply = () => 500;
    await loft.open([channelOf()]);
    const { approval } = await loft.desk.hold({ a: 1 });
    await loft.sent(1);
    await expect.poll(() => loft.counts()).toMatchObject({ pending: 1, lastError: 'answered with 500' });
    loft.pass(6_000);
    await loft.sent(2);
    await expect
      .poll(
        async () =>
          (
            await loft.desk.office.deps.database.query({
              sql: 'SELECT attempts FROM webhook_delivery',
              params: [],
            })
          )[0]?.attempts,
      )
      .toBe(2);
    await loft.desk.decide(ada, approval.id, 'deny');
    loft.pass(6 * M);
    await expect.poll(() => loft.counts()).toMatchObject({ pending: 0, dead: 0 });
    expect(loft.arrived).toHaveLength(2);
  });

  it('goes on after a restart with what had not been told, and begins anew when it is new', async () => {
    const loft = await openLoft();
    const first = await loft.open([channelOf()]);
    await first.close();
    await loft.desk.hold({ between: 1 });
    await loft.open([channelOf(), channelOf({ name: 'new' })]);
    await loft.sent(1);
    expect(await loft.settled()).toBe(1);
    await loft.desk.hold({ after: 2 });
    await loft.sent(3);
    expect(loft.arrived.filter(({ body }) => body.message.includes('after 2'))).toHaveLength(2);
  });

  it('that is not configured any more leaves nothing behind', async () => {
    const loft = await openLoft();
    loft.reply = () => 500;
    const first = await loft.open([channelOf({ digestMs: M }), channelOf({ name: 'fast' })]);
    await loft.desk.hold({ a: 1 });
    await loft.sent(1);
    await first.close();
    await loft.open([]);
    const { database } = loft.desk.office.deps;
    for (const table of ['channel', 'channel_notice', 'webhook_delivery'])
      expect(await database.query({ sql: `SELECT * FROM ${table}`, params: [] }), table).toEqual([]);
  });
});

describe('what a channel is told of', () => {
  it('is also what comes behind more requests for others than are read at once', async () => {
    const loft = await openLoft();
    await loft.open([channelOf({ when: { groups: ['leads'] } })]);
    const other = { type: 'approval.requested', ref: { approval: 'apr_other' }, body: {} } as const;
    const entries = Array.from({ length: LIMITS.channelNoticesAtOnce }, () => other);
    await loft.desk.office.deps.ledger.commit({ entries });
    await loft.desk.hold({ a: 1 }, { verdict: holding({ groups: ['leads'] }) });
    await loft.sent(1);
    expect(await loft.settled()).toBe(1);
  });

  it('is chosen by risk, by group and by tool', async () => {
    const loft = await openLoft();
    await loft.open([
      channelOf({ when: { risk: ['high', 'critical'], groups: ['finance', 'marker'], tools: ['bank/p*'] } }),
    ]);
    await loft.desk.hold({ a: 1 }, { verdict: { ...holding({ groups: ['finance'] }), risk: 'low' } });
    await loft.desk.hold({ b: 1 }, { verdict: holding({ groups: ['sales'] }) });
    await loft.desk.hold({ e: 1 });
    await loft.desk.hold({ c: 1 }, { verdict: holding({ groups: ['finance', 'sales'] }) });
    await loft.desk.hold({ d: 1 }, marker);
    await loft.sent(3);
    expect(loft.arrived.map(({ body }) => /pay: (\w)/.exec(body.message)?.[1]).sort()).toEqual([
      'c',
      'd',
      'e',
    ]);
    expect(await loft.settled()).toBe(3);
  });

  it('follows escalations: the groups that were added are told when they are added', async () => {
    const loft = await openLoft();
    const escalations = [{ afterMs: 5 * M, groups: ['leads'] }];
    await loft.open([channelOf({ when: { groups: ['leads'] } })]);
    const { approval } = await loft.desk.hold(
      { a: 1 },
      { verdict: holding({ groups: ['finance'], escalations }) },
    );
    await loft.desk.office.deps.ledger.commit({
      entries: [
        {
          type: 'approval.escalated',
          ref: { approval: approval.id },
          body: { after_ms: 5 * M, groups: ['leads'] },
        },
      ],
    });
    await loft.sent(1);
    expect(titles(loft)).toEqual(['high risk: bank/pay still waits for a decision']);
    expect(loft.arrived[0]?.body.message).toContain('so leads may decide now too');
    expect(await loft.settled()).toBe(1);
  });

  it('is not flooded by escalations of one agent either', async () => {
    const loft = await openLoft();
    const escalations = [{ afterMs: M, groups: ['leads'] }];
    const verdict = holding({ groups: ['finance'], escalations });
    await loft.open([channelOf({ when: { groups: ['leads'] }, perAgent: 2 })]);
    for (let at = 0; at < 6; at += 1) {
      const { approval } = await loft.desk.hold({ at }, { verdict });
      const body = { after_ms: M, groups: ['leads'] };
      const entry = { type: 'approval.escalated', ref: { approval: approval.id }, body } as const;
      await loft.desk.office.deps.ledger.commit({ entries: [entry] });
      await loft.settled();
    }
    expect(loft.arrived).toHaveLength(2);
    expect((await loft.counts()).gathered).toBe(4);
  });

  it('is told again before it expires, if it is asked for and still waits', async () => {
    const loft = await openLoft();
    const ada = await loft.desk.office.bootstrap();
    await loft.open([channelOf({ remindMs: 2 * M })]);
    await loft.desk.hold({ a: 1 });
    const { approval } = await loft.desk.hold({ b: 1 });
    await loft.sent(2);
    await loft.settled();
    await loft.desk.decide(ada, approval.id, 'deny');
    loft.pass(7 * M);
    expect(await loft.settled()).toBe(2);
    loft.pass(1 * M);
    await loft.sent(3);
    expect(titles(loft)[2]).toBe('high risk: bank/pay is about to expire');
    expect(loft.arrived[2]?.body.message).toContain('pay: a 1');
  });
});

describe('many requests', () => {
  it('of one agent come one by one up to the limit, and then together, the riskiest first', async () => {
    const loft = await openLoft();
    await loft.open([channelOf({ perAgent: 2 })]);
    for (let at = 0; at < 14; at += 1) await loft.desk.hold({ [`low${at}`]: at }, risky('low'));
    await loft.desk.hold({ danger: 1 }, risky('critical'));
    await loft.sent(3);
    expect(await loft.settled()).toBe(3);
    expect(titles(loft).filter((title) => title.startsWith('critical'))).toHaveLength(1);
    expect((await loft.counts()).gathered).toBe(12);
    loft.pass(LIMITS.channelAgentWindowMs);
    await loft.sent(4);
    const { title, message, actions } = loft.arrived[3]?.body ?? {};
    expect(title).toBe('12 calls wait for a decision, up to low risk');
    expect(message).toContain(`and ${12 - LIMITS.channelItems} more in the inbox`);
    expect(actions).toEqual([{ action: 'view', label: 'Inbox', url: `${ORIGIN}/` }]);
    expect(await loft.settled()).toBe(4);
  });

  it('are gathered where a digest is asked for, except what is critical', async () => {
    const loft = await openLoft();
    await loft.open([channelOf({ digestMs: 5 * M })]);
    await loft.desk.hold({ a: 1 }, risky('low'));
    await loft.desk.hold({ c: 1 }, risky('critical'));
    await loft.sent(1);
    expect(titles(loft)).toEqual(['critical risk: bank/pay waits for a decision']);
    loft.pass(2 * M);
    await loft.desk.hold({ b: 1 }, risky('high'));
    expect(await loft.settled()).toBe(1);
    loft.pass(3 * M);
    await loft.sent(2);
    expect(titles(loft)[1]).toBe('2 calls wait for a decision, up to high risk');
    const { message } = loft.arrived[1]?.body ?? {};
    expect(message.indexOf('pay: b')).toBeLessThan(message.indexOf('pay: a'));
    expect(await loft.settled()).toBe(2);
  });
});
