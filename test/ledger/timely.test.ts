import { describe, expect, it } from 'vitest';
import type { EntryType } from '../../src/ledger/entry.ts';
import { draft, openFixture, START_MS } from './fixture.ts';

const TOLERANCE_MS = 5_000;

describe('an entry that is judged by its time', () => {
  it.each<EntryType>(['approval.requested', 'approval.decided', 'approval.executing', 'approver.enrolled'])(
    'is refused as %s while the clock is further behind the newest entry than verifiers tolerate',
    async (type) => {
      const { ledger, clock } = await openFixture();
      await ledger.commit({ entries: [draft()] });
      clock.nowMs = START_MS - TOLERANCE_MS - 1;
      const late = ledger.commit({ entries: [draft({}, type)] });
      await expect(late).rejects.toMatchObject({
        code: 'ledger_unavailable',
        message: expect.stringContaining('6 seconds'),
      });
      expect(ledger.head().size).toBe(1);
      clock.nowMs = START_MS - TOLERANCE_MS;
      await ledger.commit({ entries: [draft({}, type)] });
      expect(ledger.head().size).toBe(2);
    },
  );

  it('is refused alone, beside changes whose time nobody judges', async () => {
    const { ledger, clock } = await openFixture();
    await ledger.commit({ entries: [draft()] });
    clock.nowMs = START_MS - 3_600_000;
    const kinds = ['call.intent', 'approval.decided', 'session.revoked'] as const;
    const settled = await Promise.allSettled(
      kinds.map((type) => ledger.commit({ entries: [draft({}, type)] })),
    );
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(ledger.head().size).toBe(3);
  });

  it('is refused when it waited for the disk for longer than verifiers tolerate', async () => {
    const { ledger, clock } = await openFixture();
    const waiting = ledger.commit({ entries: [draft({}, 'approval.decided')] });
    clock.nowMs += TOLERANCE_MS + 1;
    await expect(waiting).rejects.toMatchObject({ code: 'ledger_unavailable' });
  });
});
