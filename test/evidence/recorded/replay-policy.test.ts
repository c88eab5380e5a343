import { describe, expect, it } from 'vitest';
import { replayPolicy } from '../../../src/evidence/recorded/replay-policy.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { openRecorder } from './recorder.ts';

const HOUR = 3_600_000;

const rule = (more: string): string =>
  `{ id: r, match: { tools: ["*"], kinds: [tool, action, resource, prompt] }, ${more} }`;

describe('what policy sees of a recorded call', () => {
  it('is the session as it was then: labels, age and calls', async () => {
    const recorder = await openRecorder();
    await recorder.session('ses_1', { team: 'support' });
    recorder.clock.nowMs += 90_000;
    await recorder.allowed('req_1');
    await recorder.held('apr_1', { args: { amount_cents: 9 } });
    await recorder.allowed('req_own', { body: { own: true } });
    await recorder.entry({
      type: 'call.intent',
      ref: { call: 'req_read', session: 'ses_1', subject: 'ann', action: 'resource:shop/file:///a/b' },
      body: { method: 'resources/read', policy: 'sha256:then', rule: null },
    });
    await recorder.allowed('req_2');
    const calls = await recorder.calls();
    expect(calls.map(({ id, session }) => [id, session.calls])).toEqual([
      ['req_1', 0],
      ['apr_1', 1],
      ['req_own', 2],
      ['req_read', 2],
      ['req_2', 2],
    ]);
    expect(calls[0]?.session).toEqual({
      id: 'ses_1',
      subject: 'ann',
      labels: { team: 'support' },
      ageMs: 90_000,
      calls: 0,
    });
    expect(calls.map(({ counts }) => counts)).toEqual([true, true, false, false, true]);
    expect(calls[3]).toMatchObject({
      target: { kind: 'resource', server: 'shop', tool: 'file:///a/b' },
      args: 'not_kept',
      found: { effect: 'allow', rule: null },
    });
  });

  it('of an action is what its requester said of it', async () => {
    const recorder = await openRecorder();
    const facts = { resource: 'service:billing', metadata: { environment: 'production' } };
    await recorder.held('apr_1', { args: { version: '1' }, facts });
    const found = await recorder.replay([
      rule(
        'effect: deny, when: \'metadata.environment == "production" && resource == "service:billing" && risk == "high" && args.version == "1" && session.id == "api_key:key_1"\'',
      ),
    ]);
    expect(found.changes).toMatchObject([{ from: 'hold', to: 'deny', kind: 'action', tool: 'deploy' }]);
  });

  it('does not hold what a denied action said, so that no rule may read it', async () => {
    const recorder = await openRecorder();
    await recorder.entry({
      type: 'call.denied',
      ref: { subject: 'ann', principal: 'api_key:key_1', action: 'deploy' },
      body: { rule: 'was', policy: 'sha256:then' },
    });
    for (const name of ['resource', 'risk', 'metadata.x', 'args.x']) {
      const found = await recorder.replay([rule(`effect: allow, when: ${JSON.stringify(`${name} == ""`)}`)]);
      expect([name, found.judged, found.notJudged.not_kept]).toEqual([name, 0, 1]);
    }
    const found = await recorder.replay([rule('effect: allow, when: \'session.subject == "ann"\'')]);
    expect(found.transitions).toEqual([{ from: 'deny', to: 'allow', calls: 1 }]);
  });

  it('is not judged where a loop would be bounded by arguments that are gone', async () => {
    const recorder = await openRecorder();
    await recorder.session('ses_1');
    await recorder.allowed('req_1', { args: { list: [1] } });
    await recorder.erase('req_1');
    const found = await recorder.replay([
      rule('effect: deny, when: "session.labels.exists(label, label == \\"x\\")"'),
    ]);
    expect(found.notJudged.erased).toBe(1);
  });

  it('holds what the server declared only while that definition is known', async () => {
    const recorder = await openRecorder();
    await recorder.session('ses_1');
    await recorder.define('list', { name: 'list', annotations: { readOnlyHint: true } });
    await recorder.allowed('req_1', { tool: 'list' });
    await recorder.allowed('req_2', { tool: 'list', body: { tool_def: 'sha256:another' } });
    const found = await recorder.replay([rule('effect: allow, trust_annotations: true')]);
    expect(found).toMatchObject({ judged: 1, same: 1, notJudged: { definition_unknown: 1 } });
  });
});

describe('the limits of a replayed policy', () => {
  const limited = (max: number): string =>
    rule(`effect: allow, limits: [{ name: l, per: session, max: ${max}, window: 1h, on_exceed: deny }]`);

  it('count what came within their window before the time that is replayed', async () => {
    const recorder = await openRecorder();
    await recorder.session('ses_1');
    await recorder.allowed('req_long_ago');
    recorder.clock.nowMs += 2 * HOUR;
    await recorder.allowed('req_1');
    await recorder.allowed('req_2');
    recorder.clock.nowMs += HOUR / 2;
    const since = recorder.clock.nowMs;
    await recorder.allowed('req_3');
    expect(await recorder.replay([limited(3)], { since })).toMatchObject({ calls: 1, changed: 0 });
    const found = await recorder.replay([limited(2)], { since });
    expect(found).toMatchObject({ calls: 1, changed: 1 });
    expect(found.changes[0]?.examples).toMatchObject([{ id: 'req_3' }]);
  });

  it('do not count the questions of the gateway’s own, nor what is read', async () => {
    const recorder = await openRecorder();
    await recorder.session('ses_1');
    await recorder.allowed('req_1', { body: { own: true } });
    await recorder.allowed('req_2', { body: { own: true } });
    await recorder.allowed('req_3');
    expect(await recorder.replay([limited(1)])).toMatchObject({ judged: 3, changed: 0 });
  });
});

it('a replay of many pages misses and repeats no call, tells how far it is, and can be left', async () => {
  const recorder = await openRecorder();
  await recorder.session('ses_1');
  const many = 700;
  await Promise.all(Array.from({ length: many }, (_, at) => recorder.allowed(`req_${at}`, { args: { at } })));
  const found = await recorder.replay([
    rule('effect: allow, when: args.at % 7 != 0'),
    '{ id: seven, match: { tools: ["pay"] }, effect: deny, when: "args.at % 7 == 0 && session.calls == args.at" }',
  ]);
  expect(found).toMatchObject({ calls: many, judged: many, changed: 100 });
  expect(found.changes).toMatchObject([{ from: 'allow', to: 'deny', calls: 100 }]);
  expect(found.changes[0]?.examples.map(({ id }) => id)).toEqual([0, 7, 14, 21, 28].map((at) => `req_${at}`));

  const range = { since: 0, until: recorder.clock.nowMs + 1 };
  const request = { policy: policyOf([]), ...range, principal: 'api_key:key_1', bounded: false };
  const steps = await replayPolicy(recorder.deps, request);
  const first = await steps.next();
  expect(first.value).toMatchObject({ kind: 'progress', read: 250 });
  await steps.return();
  expect((await steps.next()).done).toBe(true);
});
