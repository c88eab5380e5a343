import { describe, expect, it } from 'vitest';
import { replayApproval } from '../../src/approvals/replay.ts';
import { requestApproval } from '../../src/approvals/request.ts';
import { reapOrphans } from '../../src/approvals/sweep.ts';
import { LIMITS } from '../../src/core/limits.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { ambiguousCommit } from '../../src/storage/database.ts';
import { type Desk, openDesk, PAY } from './desk.ts';

type Fault = 'ok' | 'lost' | 'kept';

/** Fails as planned: nothing persisted and a failed COMMIT (`lost`), or persisted and reported as failed (`kept`). */
function shaky(ledger: Ledger, ...faults: Fault[]): Ledger {
  return {
    commit: async (change) => {
      const fault = faults.shift() ?? 'ok';
      if (fault === 'lost') throw ambiguousCommit(new Error('database or disk is full'));
      const applied = await ledger.commit(change);
      if (fault === 'kept') throw ambiguousCommit(new Error('input/output error'));
      return applied;
    },
  };
}

async function ready(): Promise<{
  desk: Desk;
  ledger: Ledger;
  id: string;
  decide: (ledger: Ledger) => Promise<unknown>;
}> {
  const desk = await openDesk();
  const ada = await desk.office.bootstrap();
  const { approval } = await desk.hold();
  const offered = await desk.offer(ada, approval.id, 'approve');
  const decide = (through: Ledger) => desk.submit(ada, approval.id, offered, { ledger: through });
  return { desk, ledger: desk.office.deps.ledger, id: approval.id, decide };
}

describe('a freeze whose COMMIT failed', () => {
  it.each(['lost', 'kept'] as const)(
    'is told as an error, and the repeated call finds one approval (%s)',
    async (fault) => {
      const { desk, ledger } = await ready();
      const deps = { ...desk.replayDeps(), newId: desk.office.deps.newId, ledger: shaky(ledger, fault) };
      const held = {
        workspace: 'default',
        session: desk.session,
        ...PAY,
        toolHash: PAY.hash,
        args: { n: 2 },
        verdict: desk.world.verdict,
        idempotencyKey: undefined,
      };
      await expect(requestApproval(deps, held)).rejects.toMatchObject({ code: 'ledger_unavailable' });
      expect((await requestApproval(deps, held)).created).toBe(fault === 'lost');
      expect(await desk.office.entries('approval.requested')).toHaveLength(2);
    },
  );
});

describe('a decision whose COMMIT failed', () => {
  it('and was lost is an error that leaves the call pending, and can be made again', async () => {
    const { desk, ledger, id, decide } = await ready();
    await expect(decide(shaky(ledger, 'lost'))).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect((await desk.get(id)).state).toBe('pending');
    expect(await decide(ledger)).toMatchObject({ state: 'approved' });
  });

  it('but was kept is answered as made, and the replay is started', async () => {
    const { desk, ledger, id, decide } = await ready();
    expect(await decide(shaky(ledger, 'kept'))).toMatchObject({ state: 'approved' });
    expect(desk.changed).toEqual([id]);
    expect(await desk.office.entries('approval.decided')).toHaveLength(1);
  });
});

describe('a claim whose COMMIT failed', () => {
  it('and was lost sends nothing and leaves the call approved', async () => {
    const { desk, ledger, id, decide } = await ready();
    await decide(ledger);
    const deps = { ...desk.replayDeps(), ledger: shaky(ledger, 'lost') };
    await expect(replayApproval(deps, id)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect(desk.dispatched).toEqual([]);
    expect((await desk.get(id)).state).toBe('approved');
  });

  it('but was kept sends nothing either, and says so at once', async () => {
    const { desk, ledger, id, decide } = await ready();
    await decide(ledger);
    await replayApproval({ ...desk.replayDeps(), ledger: shaky(ledger, 'kept') }, id);
    expect(desk.dispatched).toEqual([]);
    expect(await desk.get(id)).toMatchObject({
      state: 'failed',
      stateReason: expect.stringMatching(/^Nothing was sent/),
    });
  });
});

describe('an outcome whose COMMIT failed', () => {
  it.each(['lost', 'kept'] as const)('is recorded once all the same (%s)', async (fault) => {
    const { desk, ledger, id, decide } = await ready();
    await decide(ledger);
    await replayApproval({ ...desk.replayDeps(), ledger: shaky(ledger, 'ok', fault) }, id);
    expect((await desk.get(id)).state).toBe('succeeded');
    expect(await desk.office.entries('approval.outcome')).toHaveLength(1);
    expect(await desk.office.entries('approval.late_result')).toEqual([]);
  });

  it('for good leaves the call executing until its lease ends, then unknown, and never sends again', async () => {
    const { desk, ledger, id, decide } = await ready();
    await decide(ledger);
    const broken = { ...desk.replayDeps(), ledger: shaky(ledger, 'ok', 'lost', 'lost') };
    await expect(replayApproval(broken, id)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect((await desk.get(id)).state).toBe('executing');
    desk.office.advance(LIMITS.replayLeaseMs);
    await reapOrphans(desk.byHand, { all: false });
    await replayApproval(desk.replayDeps(), id);
    expect((await desk.get(id)).state).toBe('unknown');
    expect(desk.dispatched).toHaveLength(1);
  });
});
