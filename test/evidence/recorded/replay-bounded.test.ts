import { expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { replayPolicy } from '../../../src/evidence/recorded/replay-policy.ts';
import type { EntryDraft } from '../../../src/ledger/entry.ts';
import { policyOf } from '../../policy/fixtures.ts';
import { openRecorder } from './recorder.ts';

const rule = (when: string): string => `{ id: spy, match: { tools: ["*"] }, effect: deny, when: '${when}' }`;

const HIDES = '{ id: hides, match: { tools: [pay] }, effect: allow, redact: [/card/number, /list/0] }';
const NOTHING = '{ id: open, match: { tools: [pay] }, effect: allow }';

const ARGS = { amount_cents: 7, card: { number: '4111', bank: 'north' }, list: [1, 2] };

async function openRecorded(rules: { then?: readonly string[]; now?: readonly string[] }) {
  const recorder = await openRecorder();
  await recorder.session('ses_1');
  const policy = await recorder.keep(rules.then ?? [NOTHING]);
  recorder.enforce(rules.now ?? [NOTHING]);
  await recorder.allowed('req_1', { args: ARGS, body: { policy } });
  return recorder;
}

const READS = [
  'args.card.number == "4111"',
  'args.card["number"].startsWith("4")',
  'args["card"]["num" + "ber"] == "4111"',
  'args.card == {"number": "4111", "bank": "north"}',
  'size(args) == 3',
  'has(args.card.number)',
  'args.list[0] == 1',
  'args.list[0u] == 1',
  '1 in args.list',
  'args.exists(key, key == "card")',
  'cel.bind(all, args, all.card.number == "4111")',
  'session.labels.all(label, label == "x")',
];

it.each(READS)('a replay for people judges no call by %s, which reads what is hidden', async (when) => {
  const recorder = await openRecorded({ now: [HIDES] });
  const found = await recorder.replay([rule(when)], { bounded: true });
  expect(found).toMatchObject({ calls: 1, judged: 0, changed: 0, notJudged: { redacted: 1 } });
});

it('a replay for people judges by everything that is not hidden', async () => {
  const recorder = await openRecorded({ now: [HIDES] });
  for (const when of ['args.amount_cents == 7', 'args.card.bank == "north"', 'args.list[1] == 2']) {
    const found = await recorder.replay([rule(when)], { bounded: true });
    expect([when, found.judged, found.changed, found.notJudged.redacted]).toEqual([when, 1, 1, 0]);
  }
});

it('a replay for operators’ keys judges by what is hidden from people', async () => {
  const recorder = await openRecorded({ now: [HIDES] });
  expect(await recorder.replay([rule('args.card.number == "4111"')])).toMatchObject({
    judged: 1,
    changed: 1,
  });
});

it('what policy hid when it judged a call stays hidden from people, whatever is in force now', async () => {
  const recorder = await openRecorded({ then: [HIDES] });
  const spy = rule('args.card.number == "4111"');
  expect((await recorder.replay([spy], { bounded: true })).notJudged.redacted).toBe(1);
  await recorder.allowed('req_2', { args: ARGS, body: { policy: await recorder.keep([NOTHING]) } });
  expect(await recorder.replay([spy], { bounded: true })).toMatchObject({ judged: 1, changed: 1 });
});

it('nothing of the arguments is known to people once the policy that judged the call is not kept', async () => {
  const recorder = await openRecorder();
  await recorder.session('ses_1');
  await recorder.allowed('req_1', { args: ARGS });
  const found = await recorder.replay([rule('args.amount_cents == 7')], { bounded: true });
  expect(found).toMatchObject({ judged: 0, notJudged: { redacted: 1 } });
  const blind = await recorder.replay([rule('session.subject == "ann"')], { bounded: true });
  expect(blind).toMatchObject({ judged: 1, changed: 1 });
});

it('a rule hides from people also where its condition does not hold, so that nothing follows from what is hidden', async () => {
  const conditional =
    '{ id: hides, match: { tools: [pay] }, effect: allow, redact: [/card], when: "args.amount_cents > 100" }';
  const recorder = await openRecorded({ now: [conditional] });
  const found = await recorder.replay([rule('args.card.bank == "north"')], { bounded: true });
  expect(found.notJudged.redacted).toBe(1);
});

it('what an approval was said to hide stays hidden from people', async () => {
  const recorder = await openRecorder();
  await recorder.session('ses_1');
  recorder.enforce([NOTHING]);
  const then = await recorder.keep([NOTHING]);
  await recorder.held('apr_1', { args: { to: 'c_1', amount_cents: 9 }, policy: then });
  const hidden = await recorder.replay([rule('args.to == "c_1"')], { bounded: true });
  expect(hidden).toMatchObject({ judged: 0, notJudged: { redacted: 1 } });
  const shown = await recorder.replay([rule('args.amount_cents == 9')], { bounded: true });
  expect(shown).toMatchObject({ judged: 1, changed: 1 });
});

it('a replay for people reads the newest calls only, and says how many it left out', async () => {
  const recorder = await openRecorder();
  await recorder.session('ses_1');
  const more = 3;
  const drafts = Array.from(
    { length: LIMITS.policyReplayCalls + more },
    (): EntryDraft => ({
      type: 'call.denied',
      ref: { session: 'ses_1', subject: 'ann', action: 'shop/pay' },
      body: { rule: 'was', policy: 'sha256:then' },
    }),
  );
  await recorder.deps.ledger.commit({ then: [], entries: drafts });
  const short = await recorder.replay([NOTHING], { bounded: true });
  expect(short).toMatchObject({ calls: LIMITS.policyReplayCalls, changed: LIMITS.policyReplayCalls });
  expect(short.leftOut).toBe(more);
  const whole = await recorder.replay([NOTHING]);
  expect(whole).toMatchObject({ calls: LIMITS.policyReplayCalls + more, leftOut: 0 });
}, 60_000);

it('a replay stands on the ledger before anything of it is told, and is not begun where it cannot', async () => {
  const recorder = await openRecorded({});
  const policy = policyOf([NOTHING]);
  const request = {
    policy,
    since: 5,
    until: recorder.clock.nowMs + 1,
    principal: 'person:per_1',
    bounded: true,
  };
  const steps = await replayPolicy(recorder.deps, request);
  const [row] = await recorder.deps.database.query({
    sql: `SELECT entry FROM ledger WHERE type = 'policy.replayed'`,
    params: [],
  });
  await steps.return();
  expect(JSON.parse(String(row?.entry))).toMatchObject({
    ref: { principal: 'person:per_1', action: 'policies.replay' },
    body: { policy: policy.version, since: 5, until: request.until, calls: 1 },
  });
  const unwritable = { commit: () => Promise.reject(new Error('the disk is full')) };
  await expect(replayPolicy({ ...recorder.deps, ledger: unwritable }, request)).rejects.toThrow(
    'disk is full',
  );
});

const COSTLY = ['{ id: a, match: { tools: ["*"] }, effect: deny, when: "args.amount_cents == 7" }'];

it('a replay for people ends without a report where the conditions of one call take too long, one for keys goes on', async () => {
  const recorder = await openRecorded({});
  recorder.watch.stepMs = LIMITS.policyReplayCallMs + 1;
  expect((await recorder.steps(COSTLY, { bounded: true })).map(({ kind }) => kind)).toEqual(['stopped']);
  expect((await recorder.replay(COSTLY)).changed).toBe(1);
  recorder.watch.stepMs = LIMITS.policyReplayCallMs;
  expect((await recorder.replay(COSTLY, { bounded: true })).changed).toBe(1);
});

it('a replay for people ends without a report where all calls together take too long', async () => {
  const recorder = await openRecorded({});
  const policy = policyOf([NOTHING]).version;
  recorder.watch.stepMs = LIMITS.policyReplayCallMs;
  const most = LIMITS.policyReplayJudgingMs / LIMITS.policyReplayCallMs;
  for (let count = 0; count < most; count++)
    await recorder.allowed(`req_more_${count}`, { args: ARGS, body: { policy } });
  expect((await recorder.steps(COSTLY, { bounded: true })).at(-1)?.kind).toBe('stopped');
  expect((await recorder.steps(COSTLY)).at(-1)?.kind).toBe('report');
});

it('a replay that judges for long lets the process go on between two calls', async () => {
  const recorder = await openRecorded({});
  const policy = policyOf([NOTHING]).version;
  for (const id of ['req_2', 'req_3']) await recorder.allowed(id, { args: ARGS, body: { policy } });
  const order: string[] = [];
  const others = { on: true };
  const turn = () => {
    if (order.at(-1) === 'judged') order.push('others');
    if (others.on) setImmediate(turn);
  };
  recorder.watch.onLook = () => void (order.at(-1) === 'judged' || order.push('judged'));
  turn();
  recorder.watch.stepMs = LIMITS.policyReplaySliceMs + 1;
  await recorder.replay(COSTLY);
  others.on = false;
  expect(order.filter((one) => one === 'judged')).toHaveLength(3);
});
