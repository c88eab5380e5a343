import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Approval, type ApprovalState, isSettled, mayBecome } from '../../src/approvals/approval.ts';
import { commitment } from '../../src/core/digest.ts';
import { CountersignError } from '../../src/core/errors.ts';
import type { Entry } from '../../src/ledger/entry.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { holding } from './desk.ts';
import { anyOp, type Op } from './model-ops.ts';
import { type Outside, openWorld, outsideIn, PEOPLE, type World } from './model-world.ts';

/** The whole of one sequence: what is outside, the life under way, and what has been seen so far. */
interface Run {
  readonly outside: Outside;
  world: World;
  readonly sent: Map<string, number>;
  readonly seen: Map<string, ApprovalState>;
  readonly acknowledged: Map<string, string[]>;
}

function pick<T>(items: readonly T[], at: number): T | undefined {
  return items.length === 0 ? undefined : items[at % items.length];
}

function verdictOf(change: { effect: 'hold' | 'deny' | 'allow'; quorum: number }) {
  const { approval: _, ...rest } = holding();
  return {
    ...(change.effect === 'allow' ? rest : holding({ quorum: change.quorum })),
    effect: change.effect,
  };
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
    case 'deny': {
      const id = pick(outside.approvals, step.which);
      if (id === undefined) return;
      const by = PEOPLE[step.by] as string;
      await world.decide(id, by, step.op);
      acknowledged.set(id, [...(acknowledged.get(id) ?? []), `person:${by} ${step.op}`]);
      return;
    }
    case 'race': {
      const id = pick(outside.approvals, step.which);
      if (id === undefined) return;
      const turns = PEOPLE.map((by, at) => world.decide(id, by, at === step.by ? 'deny' : 'approve'));
      for (const turn of await Promise.allSettled([...turns, world.sweep(), world.replay(id)]))
        if (turn.status === 'rejected' && !isRefusal(turn.reason)) throw turn.reason;
      return;
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
      await world.remove(PEOPLE[step.which % PEOPLE.length] as string);
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

/** What the ledger alone says of each approval. */
function statesBy(entries: readonly Entry[]): Map<string, ApprovalState> {
  const states = new Map<string, ApprovalState>();
  const revoked = new Set<string>();
  for (const { type, ref, body } of entries) {
    const id = ref.approval ?? '';
    const before = states.get(id);
    const become = (state: ApprovalState): void => {
      if (before === undefined) expect(state).toBe('pending');
      else expect(mayBecome(before, state)).toBe(true);
      states.set(id, state);
    };
    if (type === 'session.revoked') revoked.add(ref.session ?? '');
    else if (type === 'approval.requested') become('pending');
    else if (type === 'approval.outcome' || type === 'approval.resolved') become(body.state as ApprovalState);
    else if (type === 'approval.executing') {
      expect(revoked).not.toContain(ref.session);
      become('executing');
    } else if (type.startsWith('approval.') && type !== 'approval.decided' && type !== 'approval.late_result')
      become(type.slice('approval.'.length) as ApprovalState);
  }
  return states;
}

async function checkInvariants(run: Run): Promise<void> {
  const { world, seen, sent, acknowledged } = run;
  const rows = await world.database.query({ sql: 'SELECT id, state FROM approval', params: [] });
  const entries = await world.database.query({ sql: 'SELECT entry FROM ledger ORDER BY seq', params: [] });
  const states = statesBy(entries.map((row) => JSON.parse(String(row.entry)) as Entry));
  expect(Object.fromEntries(states)).toEqual(
    Object.fromEntries(rows.map((row) => [String(row.id), String(row.state)])),
  );
  for (const [id, state] of states) {
    const before = seen.get(id);
    if (before !== undefined && isSettled(before)) expect(state).toBe(before);
    seen.set(id, state);
  }
  expect(Math.max(0, ...sent.values())).toBeLessThanOrEqual(1);
  const decisions = await world.database.query({ sql: 'SELECT * FROM decision', params: [] });
  const kept = new Set(decisions.map((row) => `${row.approval_id} ${row.approver} ${row.decision}`));
  for (const [id, made] of acknowledged) for (const one of made) expect(kept).toContain(`${id} ${one}`);
}

/** Asked at the very moment of a dispatch: may exactly this leave, now? */
async function checkDispatch(run: Run, approval: Approval, paramsText: string): Promise<void> {
  const { world, outside, sent } = run;
  sent.set(approval.id, (sent.get(approval.id) ?? 0) + 1);
  const [stored] = await world.database.query({
    sql: 'SELECT * FROM approval WHERE id = ?',
    params: [approval.id],
  });
  expect(stored?.state).toBe('executing');
  const { arguments: args } = JSON.parse(paramsText) as { arguments: { n: number } };
  const bytes = `{"arguments":{"n":${args.n}},"server":"bank","tool":"pay"}`;
  const sql = `SELECT approver, statement FROM decision WHERE approval_id = ? AND decision = 'approve'`;
  const decisions = await world.database.query({ sql, params: [approval.id] });
  const quorum = Math.max(
    approval.verdict.approval?.quorum ?? 1,
    outside.policy.verdict.approval?.quorum ?? 1,
  );
  expect(new Set(decisions.map((row) => row.approver)).size).toBeGreaterThanOrEqual(quorum);
  const action = commitment(Buffer.from(String(stored?.call_salt), 'hex'), bytes);
  for (const row of decisions) {
    expect(JSON.parse(String(row.statement))).toMatchObject({
      action,
      approval: approval.id,
      decision: 'approve',
    });
    expect(await world.isEnrolled(String(row.approver))).toBe(true);
  }
  expect(outside.policy.verdict.effect).not.toBe('deny');
  expect(outside.clock.nowMs).toBeLessThan(approval.expiresAt);
  const session = await world.sessions.get(approval.sessionId ?? '');
  expect(session !== undefined && world.sessions.isActive(session)).toBe(true);
}

async function play(steps: readonly Op[]): Promise<{ sent: number; crashes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-model-'));
  const faults: unknown[] = [];
  const holder: { run?: Run } = {};
  const outside = outsideIn(folder, async (approval, paramsText) => {
    if (holder.run === undefined) throw new Error('dispatched before the start');
    // A replay turns a throwing downstream into `unknown`; the finding must not get lost in there.
    await checkDispatch(holder.run, approval, paramsText).catch((error: unknown) => faults.push(error));
  });
  const world = await openWorld(outside);
  const run: Run = { outside, world, sent: new Map(), seen: new Map(), acknowledged: new Map() };
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
    return { sent: run.sent.size, crashes: lives.count };
  } finally {
    await run.world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

it('any sequence of calls, decisions, crashes and changes of the world keeps every promise', {
  timeout: 90_000,
}, async () => {
  const total = { sequences: 0, steps: 0, sent: 0, crashes: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(anyOp, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const { sent, crashes } = await play(steps);
      total.sequences += 1;
      total.steps += steps.length;
      total.sent += sent;
      total.crashes += crashes;
    }),
    { seed: 20260105, numRuns: 400, interruptAfterTimeLimit: 30_000 },
  );
  console.info(`model: ${JSON.stringify(total)}`);
  expect(Math.min(total.sent, total.crashes)).toBeGreaterThan(20);
});
