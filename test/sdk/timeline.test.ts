import { describe, expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import type { LogEntry } from '../../src/sdk/log-entry.ts';
import { timelineOf } from '../../src/sdk/timeline.ts';
import { page, startFakeGateway } from './fake-gateway.ts';

const START = Date.parse('2026-01-01T03:00:00.000Z');
const SESSION = { session: 'ses_1', subject: 'ann' };
const CALL = { ...SESSION, call: 'req_1', action: 'sandbox/list' };
const REFUND = { ...SESSION, approval: 'apr_1', action: 'sandbox/refund' };

function entry(seq: number, type: string, more: Partial<Pick<LogEntry, 'ref' | 'body'>> = {}): LogEntry {
  return { seq, ts: new Date(START + seq * 1_000).toISOString(), type, ref: {}, body: {}, ...more };
}

const STORY: readonly LogEntry[] = [
  entry(0, 'session.minted', { ref: { ...SESSION, principal: 'api_key:key_1' } }),
  entry(1, 'call.intent', { ref: CALL, body: { rule: 'reads' } }),
  entry(2, 'approval.requested', {
    ref: { ...REFUND, principal: 'session:ses_1' },
    body: { effect: 'hold', rule: 'money', risk: 'high' },
  }),
  entry(3, 'call.outcome', { ref: CALL, body: { kind: 'result', is_error: true } }),
  entry(4, 'call.denied', {
    ref: { ...SESSION, action: 'sandbox/wipe', principal: 'session:ses_1' },
    body: { rule: 'no', reason: 'Never.' },
  }),
  entry(10, 'approval.decided', {
    ref: { ...REFUND, principal: 'person:per_1' },
    body: { decision: 'approve', statement: '{"reason":"all good"}' },
  }),
  entry(20, 'approval.decided', {
    ref: { ...REFUND, principal: 'person:per_2' },
    body: { decision: 'approve', statement: '{}' },
  }),
  entry(20, 'approval.approved', { ref: REFUND }),
  entry(21, 'approval.executing', { ref: REFUND }),
  entry(25, 'approval.outcome', { ref: REFUND, body: { state: 'succeeded' } }),
].map((one, seq) => ({ ...one, seq }));

describe('a timeline', () => {
  test('tells calls and approvals whole, in the order in which they began', () => {
    const items = timelineOf(STORY);
    expect(items.map(({ kind, id, verdict, outcome }) => [kind, id, verdict, outcome])).toEqual([
      ['event', null, null, null],
      ['call', 'req_1', 'allow', 'tool_error'],
      ['approval', 'apr_1', 'hold', 'succeeded'],
      ['call', null, 'deny', null],
    ]);
    expect(items[1]).toMatchObject({ rule: 'reads', tookMs: 2_000, seqs: [1, 3] });
    expect(items[3]).toMatchObject({ reason: 'Never.', rule: 'no', action: 'sandbox/wipe' });
  });

  test('tells how long people took, who decided what and why, and how long the call took', () => {
    const approval = timelineOf(STORY)[2];
    expect(approval).toMatchObject({ rule: 'money', risk: 'high', waitedMs: 18_000, tookMs: 4_000 });
    expect(approval?.decisions).toEqual([
      { at: STORY[5]?.ts, by: 'person:per_1', decision: 'approve', reason: 'all good', breakGlass: false },
      { at: STORY[6]?.ts, by: 'person:per_2', decision: 'approve', reason: null, breakGlass: false },
    ]);
  });

  test.each([
    ['approval.expired', 'expired'],
    ['approval.cancelled', 'cancelled'],
    ['approval.void', 'void'],
  ])('tells of %s how long it had waited', (type, outcome) => {
    const [requested] = STORY.filter((one) => one.type === 'approval.requested');
    const ended = entry(32, type, { ref: REFUND, body: { reason: 'So it goes.' } });
    expect(timelineOf([requested as LogEntry, ended])[0]).toMatchObject({
      outcome,
      waitedMs: 30_000,
      reason: 'So it goes.',
    });
  });

  test('says that there is no outcome while there is none', () => {
    expect(timelineOf(STORY.slice(0, 3)).map(({ outcome, tookMs }) => [outcome, tookMs])).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
  });
});

describe('logs.timeline', () => {
  async function setUp() {
    const gateway = await startFakeGateway();
    onTestFinished(() => gateway[Symbol.asyncDispose]());
    return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k' }) };
  }

  test('looks up what began before the asked time or ended after it', async () => {
    const { gateway, client } = await setUp();
    const ofApproval = STORY.filter(({ ref }) => ref.approval === 'apr_1');
    const ofCall = STORY.filter(({ ref }) => ref.call === 'req_1');
    gateway.on('GET /v1/logs', page(STORY.slice(3, 6) as LogEntry[]), page(ofCall), page(ofApproval));
    const { items, complete } = await client.forUser('ann').logs.timeline({ since: '1h' });
    expect(complete).toBe(true);
    expect(items.map(({ id, outcome, verdict }) => [id, verdict, outcome])).toEqual([
      ['req_1', 'allow', 'tool_error'],
      ['apr_1', 'hold', 'succeeded'],
      [null, 'deny', null],
    ]);
    expect(gateway.seen.map(({ query }) => query)).toEqual([
      { subject: 'ann', since: '1h', order: 'asc', limit: '200' },
      { call: 'req_1', session: 'ses_1', order: 'asc', limit: '200' },
      { approval: 'apr_1', order: 'asc', limit: '200' },
    ]);
  });

  test('reads no more entries than it is told to, and says so', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/logs', page([STORY[0], STORY[4]], 'more'), page([STORY[4]]));
    const { items, complete } = await client.logs.timeline({}, { limit: 2 });
    expect(complete).toBe(false);
    expect(items).toHaveLength(2);
  });
});
