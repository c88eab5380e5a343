import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSettled } from '../../src/approvals/approval.ts';
import { CountersignError } from '../../src/core/errors.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { holding } from './desk.ts';
import { checkDispatch, checkInvariants, type Run } from './model-check.ts';
import { anyDay, type Op } from './model-ops.ts';
import { credentialOf, KEYS, PEOPLE, TERMS } from './model-people.ts';
import { openWorld, outsideIn } from './model-world.ts';

function pick<T>(items: readonly T[], at: number): T | undefined {
  return items.length === 0 ? undefined : items[at % items.length];
}

function verdictOf(change: Extract<Op, { op: 'policy' }>) {
  const { approval: _, ...rest } = holding();
  const { effect, quorum, terms } = change;
  return { ...(effect === 'allow' ? rest : holding({ quorum, ...TERMS[terms] })), effect };
}

/** Refusals on purpose are part of the game; anything else is a finding. */
function isRefusal(error: unknown): boolean {
  return error instanceof CountersignError && error.code !== 'internal';
}

async function act({ world, outside, acknowledged }: Run, step: Op): Promise<void> {
  switch (step.op) {
    case 'mint':
      return world.mint();
    case 'sweep':
      return world.sweep();
    case 'call': {
      const session = pick(outside.sessions, step.who);
      if (session === undefined || outside.policy.verdict.effect !== 'hold') return;
      const { approval } = await world.hold(session, step);
      expect(approval.sessionId).toBe(session.id);
      expect(JSON.parse(approval.call.argumentsText)).toEqual({ n: step.n });
      if (!outside.approvals.includes(approval.id)) outside.approvals.push(approval.id);
      return;
    }
    case 'approve':
    case 'break':
    case 'deny': {
      const id = pick(outside.approvals, step.which);
      if (id === undefined) return;
      const by = PEOPLE[step.by] as string;
      const decision = step.op === 'deny' ? 'deny' : 'approve';
      await world.decide(id, by, { decision, key: step.key, breakGlass: step.op === 'break' });
      acknowledged.set(id, [...(acknowledged.get(id) ?? []), `person:${by} ${decision}`]);
      return;
    }
    case 'race': {
      const id = pick(outside.approvals, step.which);
      if (id === undefined) return;
      const turns = PEOPLE.flatMap((by, at) =>
        KEYS.map((key) => {
          const decision = at === step.by && step.key === 0 ? 'deny' : 'approve';
          return world.decide(id, by, { decision, key, breakGlass: false });
        }),
      );
      for (const turn of await Promise.allSettled([...turns, world.sweep(), world.replay(id)]))
        if (turn.status === 'rejected' && !isRefusal(turn.reason)) throw turn.reason;
      return;
    }
    case 'rally': {
      const id = pick(outside.approvals, step.which);
      if (id === undefined) return;
      const from = step.by;
      if (step.late) outside.clock.nowMs += 60_000;
      for (const at of PEOPLE.keys()) {
        const by = pick(PEOPLE, from + at) as string;
        const how = { decision: 'approve', key: step.key, breakGlass: step.by === 0 } as const;
        await world.decide(id, by, how).catch((error: unknown) => {
          if (!isRefusal(error)) throw error;
        });
      }
      return world.replay(id);
    }
    case 'replay': {
      const id = pick(outside.approvals, step.which);
      return id === undefined ? undefined : world.replay(id);
    }
    case 'revoke': {
      const session = pick(outside.sessions, step.which);
      if (session !== undefined)
        await world.sessions.revoke({ id: session.id, by: 'key:model', reason: 'x' });
      return;
    }
    case 'remove':
      await world.remove(pick(PEOPLE, step.which) as string);
      return;
    case 'drop':
      await world.dropKey(credentialOf(pick(PEOPLE, step.which) as string, step.which % 2));
      return;
    case 'leave':
      await world.leaveGroups(pick(PEOPLE, step.which) as string);
      return;
    case 'advance':
      outside.clock.nowMs += step.ms;
      return;
    case 'policy':
      outside.policy.verdict = verdictOf(step);
      return;
    case 'crash':
      world.plan({ writes: step.writes, kept: step.kept });
      return;
    case 'reopen':
      return;
  }
}

async function reopen(run: Run): Promise<void> {
  await run.world.close();
  run.world = await openWorld(run.outside);
  await run.world.recover();
}

async function perform(run: Run, step: Op): Promise<void> {
  const acted = act(run, step).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
  });
  await Promise.race([acted, run.world.died]);
  if (run.world.isDead() || step.op === 'reopen') await reopen(run);
}

async function play(steps: readonly Op[]): Promise<Run['tally'] & { sent: number; crashes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-model-'));
  const faults: unknown[] = [];
  const holder: { run?: Run } = {};
  const outside = outsideIn(folder, async (approval, paramsText) => {
    if (holder.run === undefined) throw new Error('dispatched before the start');
    // A replay turns a throwing downstream into `unknown`; the finding must not get lost in there.
    await checkDispatch(holder.run, approval, paramsText).catch((error: unknown) => faults.push(error));
  });
  const world = await openWorld(outside);
  const tally = { quorum: 0, glass: 0, escalated: 0 };
  const run: Run = { outside, world, sent: new Map(), seen: new Map(), acknowledged: new Map(), tally };
  holder.run = run;
  const lives = { count: 0 };
  try {
    await world.enrol();
    await world.mint();
    for (const step of steps) {
      const before = run.world;
      await perform(run, step);
      if (run.world !== before && step.op !== 'reopen') lives.count += 1;
      await checkInvariants(run);
      if (faults.length > 0) throw faults[0];
    }
    await reopen(run);
    outside.clock.nowMs += 24 * 3_600_000;
    await run.world.sweep();
    await checkInvariants(run);
    if (faults.length > 0) throw faults[0];
    expect([...run.seen.values()].filter((state) => !isSettled(state))).toEqual([]);
    const { database, signer, running } = run.world;
    await running.checkpointNow();
    expect(await verifyLedger(database, { vkey: signer.vkey })).toMatchObject({ ok: true });
    return { ...tally, sent: run.sent.size, crashes: lives.count };
  } finally {
    await run.world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

it('any sequence of calls, decisions, crashes and changes of the world keeps every promise', {
  timeout: 90_000,
}, async () => {
  const total = { sequences: 0, steps: 0, sent: 0, crashes: 0, quorum: 0, glass: 0, escalated: 0 };
  await fc.assert(
    fc.asyncProperty(anyDay, async (steps) => {
      const played = await play(steps);
      total.sequences += 1;
      total.steps += steps.length;
      for (const key of ['sent', 'crashes', 'quorum', 'glass', 'escalated'] as const)
        total[key] += played[key];
    }),
    { seed: 20260105, numRuns: 400, interruptAfterTimeLimit: 30_000 },
  );
  console.info(`model: ${JSON.stringify(total)}`);
  expect(Math.min(total.sent, total.crashes)).toBeGreaterThan(20);
  expect(Math.min(total.quorum, total.glass, total.escalated)).toBeGreaterThan(0);
});
