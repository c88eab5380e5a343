import { expect, it } from 'vitest';
import { createMemoryCounters } from '../../src/policy/limits.ts';
import { call, NOW, policyOf } from './fixtures.ts';

function limited(onExceed: 'hold' | 'deny', per = 'session') {
  return policyOf([
    `{ id: r, match: { tools: [pay] }, effect: allow, when: args.n > 0, limits: [{ name: few, per: ${per}, max: 2, window: 1h, on_exceed: ${onExceed} }] }`,
  ]);
}

function run(policy: ReturnType<typeof limited>, counters = createMemoryCounters()) {
  return (n: number, rest: Parameters<typeof call>[1] = {}) => {
    const input = call({ n }, rest);
    const verdict = policy.evaluate(input, counters);
    policy.record(input, { verdict, counters });
    return verdict.effect;
  };
}

it.each(['hold', 'deny'] as const)('a limit that is used up makes the verdict %s', (onExceed) => {
  const judge = run(limited(onExceed));
  expect([judge(1), judge(1), judge(1)]).toEqual(['allow', 'allow', onExceed]);
});

it('says which limit is used up', () => {
  const policy = limited('deny');
  const counters = createMemoryCounters();
  const judge = run(policy, counters);
  judge(1);
  judge(1);
  const { reason } = policy.evaluate(call({ n: 1 }), counters);
  expect(reason).toBe(
    'The limit few of rule r (p.yaml:3), 2 calls per 1h and session, is used up; it denies shop/pay.',
  );
});

it('counts for each session by itself, or for the subject over all sessions', () => {
  const other = { session: { ...call().session, id: 'ses_2' } };
  const bySession = run(limited('deny'));
  expect([bySession(1), bySession(1), bySession(1, other)]).toEqual(['allow', 'allow', 'allow']);
  const bySubject = run(limited('deny', 'subject'));
  expect([bySubject(1), bySubject(1), bySubject(1, other)]).toEqual(['allow', 'allow', 'deny']);
});

it('forgets what is older than the window', () => {
  const judge = run(limited('deny'));
  expect([judge(1), judge(1, { now: NOW + 10 }), judge(1, { now: NOW + 20 })]).toEqual([
    'allow',
    'allow',
    'deny',
  ]);
  expect(judge(1, { now: NOW + 3_599_999 })).toBe('deny');
  expect(judge(1, { now: NOW + 3_600_000 })).toBe('allow');
  expect(judge(1, { now: NOW + 3_600_001 })).toBe('deny');
});

it('does not count a call that was denied, nor one that the rule does not match', () => {
  const policy = policyOf([
    '{ id: r, match: { tools: [pay] }, effect: allow, when: args.n > 0, limits: [{ name: few, per: session, max: 1, window: 1h, on_exceed: hold }] }',
    '{ id: no, match: { tools: [pay] }, effect: deny, when: args.n > 9 }',
  ]);
  const judge = run(policy);
  expect([judge(10), judge(10), judge(0), judge(1), judge(1)]).toEqual([
    'deny',
    'deny',
    'hold',
    'allow',
    'hold',
  ]);
});

it('does not count when a call is only judged, and ignores limits without counters', () => {
  const policy = limited('deny');
  const counters = createMemoryCounters();
  for (let turn = 0; turn < 5; turn++) expect(policy.evaluate(call({ n: 1 }), counters).effect).toBe('allow');
  const judge = run(policy, counters);
  judge(1);
  judge(1);
  expect(policy.evaluate(call({ n: 1 }), counters).effect).toBe('deny');
  expect(policy.evaluate(call({ n: 1 })).effect).toBe('allow');
});

it('forgets sessions whose window has passed', () => {
  const counters = createMemoryCounters();
  const ref = (key: string, now: number) => ({ name: 'r/few', key, windowMs: 1_000, now });
  for (let index = 0; index < 3_000; index++) counters.record(ref(`session:${index}`, index * 10));
  expect(counters.count(ref('session:0', 30_000))).toBe(0);
  expect(counters.count(ref('session:2999', 30_000))).toBe(1);
});
