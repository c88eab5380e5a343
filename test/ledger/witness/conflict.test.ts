import { describe, expect, it } from 'vitest';
import { newestCosigned } from '../../../src/ledger/witness/store.ts';
import { fill, openFixture, temporaryFolder } from '../fixture.ts';
import { bring, openScene } from './scene.ts';

describe('a witness that saw another ledger', () => {
  it('which was longer, tells a rollback at once when the gateway starts, and once', async () => {
    const folder = temporaryFolder();
    const before = await openScene({ folder });
    await fill(before.fixture.ledger, 20);
    await bring(before);
    const restored = await openFixture();
    await fill(restored.ledger, 8);
    await restored.ledger.checkpointNow();
    const scene = await openScene({ folder, fixture: restored });
    expect(scene.conflicts).toHaveLength(1);
    expect(scene.standing()).toMatchObject({
      conflict: { kind: 'rollback', witnessSize: 20, ownSize: 8 },
      error: { reason: /cosigned 20 entries, and this ledger has 8: the ledger was set back/ },
    });
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.asked.length).toBeGreaterThan(1);
    expect(scene.conflicts).toHaveLength(1);
  });

  it('which was another, tells a fork, also when ours is as long or longer', async () => {
    for (const size of [20, 21, 40]) {
      const folder = temporaryFolder();
      const before = await openScene({ folder });
      await fill(before.fixture.ledger, 20);
      await bring(before);
      const other = await openFixture();
      other.clock.nowMs += 1;
      await fill(other.ledger, size);
      await other.ledger.checkpointNow();
      const scene = await openScene({ folder, fixture: other });
      expect(scene.conflicts).toHaveLength(1);
      expect(scene.standing().conflict).toMatchObject({ kind: 'fork', witnessSize: 20, ownSize: size });
      expect(await newestCosigned(other.database)).toBeUndefined();
    }
  });

  it('is at peace again once the right ledger is back', async () => {
    const folder = temporaryFolder();
    const before = await openScene({ folder });
    await fill(before.fixture.ledger, 20);
    await bring(before);
    const again = await openScene({ folder, fixture: before.fixture });
    expect(again.conflicts).toEqual([]);
    expect(again.asked).toHaveLength(1);
    expect(again.standing()).toMatchObject({ size: 20, error: undefined, conflict: undefined });
  });
});
