import { describe, expect, it } from 'vitest';
import { factOf } from '../../src/jobs/follow.ts';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { EVENT_TYPES, eventsOf, sourcesOf } from '../../src/notifications/event.ts';

const AT = Date.UTC(2026, 0, 5, 12);
const REF = { approval: 'apr_1', session: 'ses_1', subject: 'ann', action: 'bank/pay' };

function entry(draft: EntryDraft, seq = 7): Entry {
  return { v: 1, log: 'localhost/default', seq, ts: AT, ...draft };
}

const request = (kind: 'tool' | 'action', action: string): Entry =>
  entry(
    {
      type: 'approval.requested',
      ref: { ...REF, action, principal: 'session:ses_1' },
      body: { kind, risk: 'high', expires_at: AT + 60_000, action: 'commitment', rule: 'payments' },
    },
    3,
  );

function events(draft: EntryDraft, of = request('tool', 'bank/pay')) {
  const about = draft.ref.approval === undefined ? undefined : of;
  return eventsOf({
    entry: entry(draft),
    request: about,
    readFact: factOf,
    origin: 'https://gate.example',
  }).map(({ body, ...event }) => ({ ...event, ...JSON.parse(body) }));
}

describe('an entry of the ledger', () => {
  it('that requests an approval says who asks for what, how risky it is, and where a person decides', () => {
    const [event, ...more] = events(request('tool', 'bank/pay'));
    expect(more).toEqual([]);
    expect(event).toEqual({
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'approval.requested',
      position: 24,
      approval: 'apr_1',
      timestamp: '2026-01-05T12:00:00.000Z',
      data: {
        seq: 3,
        approval: 'apr_1',
        session: 'ses_1',
        subject: 'ann',
        tool: 'bank/pay',
        risk: 'high',
        state: 'pending',
        requester: 'session:ses_1',
        expires_at: '2026-01-05T12:01:00.000Z',
        url: 'https://gate.example/approvals/apr_1',
      },
    });
  });

  it('that approves is a decision with what it rests on, and no job has ended', () => {
    const body = { basis: 'decision', expires_at: AT + 1_000 };
    const found = events({ type: 'approval.approved', ref: { ...REF, principal: 'person:per_1' }, body });
    expect(found).toMatchObject([
      {
        type: 'approval.decided',
        data: { state: 'approved', decision: 'approve', basis: 'decision', risk: 'high' },
      },
    ]);
  });

  it('that denies is a decision and the end of a job, in this order', () => {
    expect(events({ type: 'approval.denied', ref: REF, body: {} })).toMatchObject([
      { type: 'approval.decided', position: 56, data: { decision: 'deny', state: 'denied' } },
      { type: 'job.completed', position: 57, data: { job: 'job_1', state: 'failed' } },
    ]);
  });

  it('about an action is the end of no job, since an action has none', () => {
    const found = events({ type: 'approval.denied', ref: REF, body: {} }, request('action', 'deploy.prod'));
    expect(found.map(({ type }) => type)).toEqual(['approval.decided']);
    expect(found[0]?.data).toMatchObject({ action: 'bank/pay' });
    expect(found[0]?.data).not.toHaveProperty('tool');
  });

  it.each([
    ['approval.expired', {}, ['approval.expired expired', 'job.completed failed']],
    ['approval.cancelled', { state: 'cancelled', reason: 'secret words' }, ['job.completed cancelled']],
    ['approval.void', { reason: 'secret words' }, ['job.completed failed']],
    [
      'approval.outcome',
      { state: 'succeeded', attempt: 1 },
      ['call.completed succeeded', 'job.completed completed'],
    ],
    [
      'approval.outcome',
      { state: 'unknown', attempt: 1 },
      ['call.completed unknown', 'job.completed unknown'],
    ],
    [
      'approval.resolved',
      { state: 'failed', reason: 'secret words' },
      ['call.completed failed', 'job.completed failed'],
    ],
    ['capability.issued', { capability: 'cap_1', holder: 'gateway' }, ['capability.issued issued']],
    ['capability.exchanged', { capability: 'cap_1', holder: 'gateway' }, ['capability.exchanged exchanged']],
    ['approval.decided', { decision: 'approve', statement: 'secret words' }, []],
    ['approval.executing', { attempt: 1 }, []],
    ['approval.late_result', {}, []],
  ] as const)('%s %j is %j', (type, body, expected) => {
    const found = events({ type, ref: REF, body });
    expect(found.map((event) => `${event.type} ${event.data.state}`)).toEqual(expected);
    expect(JSON.stringify(found)).not.toContain('secret words');
  });

  it.each([
    [{ kind: 'result', is_error: false, bytes: 2 }, 'succeeded'],
    [{ kind: 'result', is_error: true, bytes: 2 }, 'failed'],
    [{ kind: 'error', bytes: 2 }, 'failed'],
    [{ kind: 'unknown', reason: 'secret words' }, 'unknown'],
    [{ kind: 'not_sent', reason: 'secret words' }, 'not_sent'],
    [{ kind: 'input_required', bytes: 2 }, undefined],
  ])('of an allowed call with %j says that it %s', (body, state) => {
    const ref = { call: 'req_1', session: 'ses_1', action: 'bank/show' };
    const found = events({ type: 'call.outcome', ref, body });
    expect(found.map(({ type, data }) => [type, data])).toEqual(
      state === undefined
        ? []
        : [['call.completed', { seq: 7, session: 'ses_1', call: 'req_1', tool: 'bank/show', state }]],
    );
  });

  it('of a session, a server or a job says which, and nothing of why', () => {
    const session = { session: 'ses_1', subject: 'ann', principal: 'api_key:key_1' };
    const ended = { reason: 'secret words', descendants: ['ses_2'] };
    expect(events({ type: 'session.revoked', ref: session, body: ended })[0]?.data).toEqual({
      seq: 7,
      session: 'ses_1',
      subject: 'ann',
      descendants: ['ses_2'],
    });
    const drift = { server: 'bank', tool: 'pay', hash: 'sha256:b', reason: 'changed' };
    expect(events({ type: 'tool.quarantined', ref: { action: 'bank/pay' }, body: drift })).toMatchObject([
      {
        type: 'server.drifted',
        data: { server: 'bank', tool: 'bank/pay', hash: 'sha256:b', reason: 'changed' },
      },
    ]);
    const job = { job: 'job_9', state: 'cancelled', reason: 'secret words', result: 'c0', bytes: 3 };
    expect(
      events({ type: 'job.ended', ref: { subject: 'ann', action: 'lab/study' }, body: job }),
    ).toMatchObject([
      {
        type: 'job.completed',
        data: { seq: 7, subject: 'ann', tool: 'lab/study', job: 'job_9', state: 'cancelled' },
      },
    ]);
  });
});

it('an event is the same whenever it is made, and another one for another entry, type or log', () => {
  const denied: EntryDraft = { type: 'approval.denied', ref: REF, body: {} };
  expect(events(denied)).toEqual(events(denied));
  const make = (change: Partial<Entry>) =>
    eventsOf({
      entry: { ...entry(denied), ...change },
      request: request('tool', 'bank/pay'),
      readFact: factOf,
      origin: '',
    }).map(({ id }) => id);
  const ids = [make({}), make({ seq: 8 }), make({ log: 'other/default' })].flat();
  expect(new Set(ids).size).toBe(6);
});

it('every type but the signed head has a source among the entries, which is asked for only where it is wanted', () => {
  for (const type of EVENT_TYPES) {
    const sources = sourcesOf([type]);
    if (type === 'ledger.checkpointed') expect(sources).toEqual([]);
    else expect(sources.length).toBeGreaterThan(0);
  }
  expect(sourcesOf(['approval.requested'])).toEqual(['approval.requested']);
  expect(sourcesOf(['*'])).toContain('job.ended');
});
