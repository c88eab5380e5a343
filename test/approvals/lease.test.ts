import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startSweeps } from '../../src/app/sweeps.ts';
import { replayApproval } from '../../src/approvals/replay.ts';
import { createReplayRunner } from '../../src/approvals/runner.ts';
import { reapOrphans } from '../../src/approvals/sweep.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { FinalOutcome } from '../../src/downstream/catalog.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { type Desk, openDesk } from './desk.ts';

const LEASE = LIMITS.replayLeaseMs;
const DONE: FinalOutcome = { kind: 'result', raw: '{"content":[]}', isError: false };

/** An approved call that its first process has sent, and whose server answers when it is told to. */
async function underWay(wrap: (ledger: Ledger) => Ledger = (ledger) => ledger) {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { approval } = await desk.hold();
  await desk.decide(ada, approval.id, 'approve');
  const [sent, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<FinalOutcome>()];
  desk.world.answer = () => {
    sent.resolve();
    return answer.promise;
  };
  const deps = desk.replayDeps('own_first');
  const first = createReplayRunner({ ...deps, ledger: wrap(deps.ledger) }, () => undefined);
  const second = createReplayRunner(desk.replayDeps('own_second'), () => undefined);
  first.run(approval.id);
  await sent.promise;
  return { desk, id: approval.id, first, second, answer: answer.resolve };
}

const lateOf = (desk: Desk): Promise<unknown[]> => desk.office.entries('approval.late_result');

describe('the lease of a dispatch', () => {
  it('is kept for as long as its process follows it, so that its outcome is never late', async () => {
    const { desk, id, first, answer } = await underWay();
    for (let step = 0; step < 20; step += 1) {
      desk.office.advance(LEASE / 2);
      await first.keep();
      expect(await reapOrphans(desk.byHand, { all: false })).toBe(0);
    }
    expect((await desk.get(id)).state).toBe('executing');
    answer(DONE);
    await first.idle();
    expect((await desk.get(id)).state).toBe('succeeded');
    expect(await lateOf(desk)).toEqual([]);
  });

  it('ends when nobody follows it any more, and the call is then unknown and not sent again', async () => {
    const { desk, id, second } = await underWay();
    desk.office.advance(LEASE);
    await second.keep();
    expect(await reapOrphans(desk.byHand, { all: false })).toBe(1);
    await second.resume();
    await second.idle();
    expect((await desk.get(id)).state).toBe('unknown');
    expect(desk.dispatched).toHaveLength(1);
  });

  it('is not revived after another process has found it ended', async () => {
    const { desk, id, first, answer } = await underWay();
    desk.office.advance(LEASE);
    expect(await reapOrphans(desk.byHand, { all: false })).toBe(1);
    await first.keep();
    expect(await desk.get(id)).toMatchObject({ state: 'unknown', leaseOwner: undefined });
    answer(DONE);
    await first.idle();
    expect((await desk.get(id)).state).toBe('unknown');
    expect(await lateOf(desk)).toHaveLength(1);
  });

  it('is not kept once its outcome could not be recorded, so that the call still settles', async () => {
    const faults = { on: false };
    const { desk, id, first, answer } = await underWay((ledger) => ({
      ...ledger,
      commit: (change) => (faults.on ? Promise.reject(new Error('no disk')) : ledger.commit(change)),
    }));
    faults.on = true;
    answer(DONE);
    await first.idle();
    faults.on = false;
    desk.office.advance(LEASE);
    await first.keep();
    expect(await reapOrphans(desk.byHand, { all: false })).toBe(1);
    expect((await desk.get(id)).state).toBe('unknown');
  });

  it('is kept by the sweeps before they look for what was cut off, also after a long sleep of the machine', async () => {
    const desk = await openDesk();
    const ada = await desk.office.bootstrap();
    const { database, ledger, now } = desk.office.deps;
    const [sent, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<FinalOutcome>()];
    desk.world.answer = () => {
      sent.resolve();
      return answer.promise;
    };
    const first = createReplayRunner(desk.replayDeps('own_first'), () => undefined);
    const swept = { times: 0 };
    const nothing = async () => 0;
    const state = { database, ledger, now, workspace: 'default', log: { error: () => undefined } };
    const stop = await startSweeps(
      state as never,
      {
        sessions: desk.sessions,
        replays: first,
        redactions: { eraseDue: nothing },
        capabilityKeys: { retireDue: nothing },
        jobs: {
          async flush() {
            swept.times += 1;
          },
        },
        onChanged: () => undefined,
      } as never,
    );
    const { approval } = await desk.hold();
    await desk.decide(ada, approval.id, 'approve');
    await sent.promise;
    desk.office.advance(LEASE * 3);
    const before = swept.times;
    await expect.poll(() => swept.times, { timeout: 10_000 }).toBeGreaterThan(before + 2);
    expect((await desk.get(approval.id)).state).toBe('executing');
    answer.resolve(DONE);
    await first.idle();
    stop();
    expect((await desk.get(approval.id)).state).toBe('succeeded');
  });

  it('costs a call that is answered in time no write at all', async () => {
    const { desk, first, answer } = await underWay();
    const before = (
      await desk.office.deps.database.query({ sql: 'SELECT lease_until FROM approval', params: [] })
    )[0];
    desk.office.advance(LEASE / 8);
    await first.keep();
    const after = (
      await desk.office.deps.database.query({ sql: 'SELECT lease_until FROM approval', params: [] })
    )[0];
    expect(after).toEqual(before);
    answer(DONE);
    await first.idle();
  });
});

type Step = 'pass' | 'keep' | 'reap' | 'restart' | 'claim' | 'resume' | 'answer';
const steps = fc.array(
  fc.constantFrom<Step>('pass', 'pass', 'keep', 'reap', 'restart', 'claim', 'resume', 'answer'),
  { maxLength: 25 },
);

it('whatever two processes do while a call is under way, it is sent once and has one outcome', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (taken) => {
      const { desk, id, first, second, answer } = await underWay();
      const run: Record<Step, () => unknown> = {
        pass: () => desk.office.advance(LEASE / 3),
        keep: () => first.keep(),
        reap: () => reapOrphans(desk.byHand, { all: false }),
        restart: () => reapOrphans(desk.byHand, { all: true }),
        claim: () => replayApproval(desk.replayDeps('own_third'), id),
        resume: () => second.resume(),
        answer: () => answer(DONE),
      };
      for (const step of taken) await run[step]();
      answer(DONE);
      await Promise.all([first.idle(), second.idle()]);
      expect(desk.dispatched).toHaveLength(1);
      expect(await desk.office.entries('approval.executing')).toHaveLength(1);
      expect(await desk.office.entries('approval.outcome')).toHaveLength(1);
      const { state } = await desk.get(id);
      expect(await lateOf(desk)).toHaveLength(state === 'unknown' ? 1 : 0);
    }),
    { numRuns: 30 },
  );
});
