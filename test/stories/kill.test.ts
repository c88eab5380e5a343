import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV2 } from '../support/agents.ts';
import { readWitness } from '../support/downstreams/oracle.ts';
import {
  copyOf,
  type KillableSettings,
  makeTemplate,
  personCall,
  runUntilKilled,
  startHere,
  type Template,
  type Told,
} from '../support/killable.ts';

const SETTLES_WITHIN_MS = 15_000;
const SYNCS = 'trace=fsync,fdatasync';
const SETTLED = ['succeeded', 'failed', 'unknown'];
const root = mkdtempSync(join(tmpdir(), 'countersign-kill-'));
const shared: { template?: Template } = {};

const templateOf = (): Template => {
  if (shared.template === undefined) throw new Error('no template');
  return shared.template;
};

beforeAll(async () => {
  shared.template = await makeTemplate(join(root, 'template'));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Aftermath {
  readonly violations: string[];
  readonly state: string | undefined;
  readonly payments: number;
}

/** Starts again on what the dead process left, and says in words what is not as it must be. */
async function aftermathOf(settings: KillableSettings, told: Told): Promise<Aftermath> {
  const found: string[] = [];
  const { person } = templateOf();
  const payments = () => readWitness(join(settings.dataDir, '..', 'witness.jsonl')).length;
  const before = payments();
  const app = await startHere(settings);
  const at = { origin: app.origin, person };
  const after: { state?: string } = {};
  try {
    const listed = await personCall(at, { method: 'GET', path: '/v1/approvals' });
    if (listed.body.data.length > 1) found.push('one call has several approvals');
    let approval = listed.body.data[0];
    if (told.approvalId !== undefined && approval?.id !== told.approvalId)
      found.push('a told approval is lost');
    if (approval !== undefined) {
      const decided = approval.quorum.approvals.length === 1;
      if (told.decided === 200 && !decided) found.push('an acknowledged decision is lost');
      const path = `/v1/approvals/${approval.id}/wait?timeout_ms=${decided ? SETTLES_WITHIN_MS : 0}`;
      approval = (await personCall(at, { method: 'GET', path })).body;
      after.state = approval.state;
      if (decided && !SETTLED.includes(approval.state)) found.push(`it stays ${approval.state}`);
      if (!decided && approval.state !== 'pending') found.push(`nobody decided, but it is ${approval.state}`);
      if (!decided && payments() > 0) found.push('it was sent without a decision');
      if (approval.state === 'succeeded' && payments() !== 1) found.push('it succeeded without a payment');
      if (approval.state === 'failed') found.push('it failed');
      if (told.settled !== undefined && approval.state !== told.settled)
        found.push('a told outcome has changed');
      if (before > 0 && !['succeeded', 'unknown'].includes(approval.state)) found.push('a payment is denied');
    } else if (payments() > 0) found.push('a payment without an approval');

    const client = await connectV2(app.session.mcp, 'modern');
    const again: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 7500, to: 'c_123' } });
    const same = again.structuredContent?.approval_id ?? approval?.id;
    if (approval !== undefined && same !== approval.id) found.push('the repeated call was frozen twice');
    await client.close();
    if (payments() > 1) found.push(`paid ${payments()} times`);
    const verified = await personCall(at, { method: 'GET', path: '/v1/logs/verify' });
    if (verified.body.ok !== true) found.push(`the ledger does not verify: ${JSON.stringify(verified.body)}`);
  } finally {
    await app.close();
  }
  return { violations: found, state: after.state, payments: payments() };
}

/** Works on several items at a time, in order. */
async function inLanes<T, R>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

describe('a gateway that is killed between freeze and outcome', () => {
  it('at any write, before COMMIT or after it, pays at most once, loses no decision, and settles after a restart', {
    timeout: 120_000,
  }, async () => {
    const whole = await runUntilKilled(
      { ...copyOf(templateOf(), join(root, 'whole')), counting: true },
      templateOf(),
    );
    expect(whole.told.settled).toBe('succeeded');
    // A checkpoint is written whenever its timer says; what has an entry is found by that, so that no point is missed.
    const points = whole.writes.flatMap((types, index) =>
      (['before', 'after'] as const).map((side) => ({ at: types[0] ?? index + 1, side })),
    );
    const runs = await inLanes(points, 2, async (kill) => {
      const settings = copyOf(templateOf(), join(root, `${kill.at}-${kill.side}`));
      const run = await runUntilKilled({ ...settings, kill }, templateOf());
      const aftermath = await aftermathOf(settings, run.told);
      return { kill, killed: run.killed, ...aftermath };
    });
    const kills = runs.filter((run) => run.killed);
    const broken = runs.filter((run) => run.violations.length > 0);
    console.info(`killed at ${kills.length} points of ${points.length}; violations: ${broken.length}`);
    expect(broken).toEqual([]);
    expect(kills.length).toBeGreaterThan(0);
    const leftBy = (type: string, side: 'before' | 'after') => {
      const { state, payments } = runs.find((run) => run.kill.at === type && run.kill.side === side) ?? {};
      return { state, payments };
    };
    expect(leftBy('approval.requested', 'before')).toEqual({ state: undefined, payments: 0 });
    expect(leftBy('approval.requested', 'after')).toEqual({ state: 'pending', payments: 0 });
    expect(leftBy('approval.decided', 'before')).toEqual({ state: 'pending', payments: 0 });
    expect(leftBy('approval.decided', 'after')).toEqual({ state: 'succeeded', payments: 1 });
    expect(leftBy('approval.executing', 'before')).toEqual({ state: 'succeeded', payments: 1 });
    expect(leftBy('approval.executing', 'after')).toEqual({ state: 'unknown', payments: 0 });
    expect(leftBy('approval.outcome', 'before')).toEqual({ state: 'unknown', payments: 1 });
    expect(leftBy('approval.outcome', 'after')).toEqual({ state: 'succeeded', payments: 1 });
  });

  it('at any sync of its own to the disk, keeps the same promises', { timeout: 120_000 }, async () => {
    const probe = spawnSync('strace', ['-f', '-e', SYNCS, 'true']);
    if (probe.status !== 0) {
      console.info('strace is not usable here: the sync kill points were not run');
      return;
    }
    const trace = join(root, 'trace.txt');
    // The thread that writes is the first that syncs; the oracle behind it syncs in a process of its own.
    const syncs = (): number => {
      const lines = readFileSync(trace, 'utf8').split('\n');
      const calls = lines
        .filter((line) => /^\d+ +f(?:data)?sync\(/.test(line))
        .map((line) => line.split(' ')[0]);
      return calls.filter((pid) => pid === calls[0]).length;
    };
    const counted = { armed: 0 };
    const first = await runUntilKilled(copyOf(templateOf(), join(root, 'traced')), {
      person: templateOf().person,
      tracer: ['strace', '-f', '-qq', '-e', SYNCS, '-o', trace],
      onArmed: () => {
        counted.armed = syncs();
      },
    });
    expect(first.told.settled).toBe('succeeded');
    const points = Array.from({ length: syncs() - counted.armed }, (_, index) => counted.armed + index + 1);
    const runs = await inLanes(points, 2, async (when) => {
      const settings = copyOf(templateOf(), join(root, `sync-${when}`));
      const inject = `inject=fsync,fdatasync:signal=KILL:when=${when}`;
      const tracer = ['strace', '-f', '-qq', '-e', SYNCS, '-e', inject, '-o', '/dev/null'];
      const run = await runUntilKilled(settings, { person: templateOf().person, tracer });
      return { when, killed: run.killed, ...(await aftermathOf(settings, run.told)) };
    });
    const broken = runs.filter((run) => run.violations.length > 0);
    const kills = runs.filter((run) => run.killed).length;
    console.info(`killed at ${kills} syncs of ${points.length}; violations: ${broken.length}`);
    expect(broken).toEqual([]);
    expect(kills).toBeGreaterThan(0);
  });
});
