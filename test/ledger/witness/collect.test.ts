import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import type { Post } from '../../../src/ledger/witness/ask.ts';
import { createCollector } from '../../../src/ledger/witness/collect.ts';
import { newestCheckpoint, newestCosigned } from '../../../src/ledger/witness/store.ts';
import { fill, manualSchedule, signerOf } from '../fixture.ts';
import { bring, openScene, URL } from './scene.ts';

describe('cosignatures', () => {
  it('are kept beside the checkpoint that they are for, and shown with it', async () => {
    const scene = await openScene();
    const { database, ledger } = scene.fixture;
    await fill(ledger, 5);
    await bring(scene);
    expect(scene.standing()).toMatchObject({ size: 5, cosignedAt: scene.fixture.clock.nowMs, failures: 0 });
    const cosigned = await newestCosigned(database);
    expect(cosigned).toMatch(
      /^localhost:8787\/default\n5\n[^\n]+\n\n— localhost:8787\/default [^\n]+\n— witness/,
    );
    expect(await newestCheckpoint(database)).toBe(cosigned);
    await fill(ledger, 2);
    const newer = await ledger.checkpointNow();
    expect(await newestCheckpoint(database)).toBe(newer);
    expect(await newestCosigned(database)).toBe(cosigned);
  });

  it('are asked for with a proof from what the witness holds, over many sizes', async () => {
    const scene = await openScene();
    for (const more of [1, 1, 5, 250, 1, 300]) {
      await fill(scene.fixture.ledger, more);
      await bring(scene);
      expect(scene.standing()).toMatchObject({ size: scene.fixture.ledger.head().size, error: undefined });
    }
    expect(scene.asked).toHaveLength(6);
  });

  it('are not asked for twice for one checkpoint', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 3);
    await bring(scene);
    await bring(scene);
    expect(scene.asked).toHaveLength(1);
  });

  it('are asked for without a nudge when the ledger has grown, each ten seconds at most', async () => {
    const scene = await openScene();
    expect(scene.timers.waiting()).toEqual([LIMITS.witnessIntervalMs]);
    await fill(scene.fixture.ledger, 3);
    await scene.fixture.ledger.checkpointNow();
    expect(scene.asked).toHaveLength(0);
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.standing().size).toBe(3);
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.asked).toHaveLength(1);
  });

  it('are asked for one at a time; what is signed meanwhile follows in one more question', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 3);
    await scene.fixture.ledger.checkpointNow();
    const gate = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    scene.network.fault = async (body) => {
      arrived.resolve();
      await gate.promise;
      scene.network.fault = undefined;
      const { judgement, ...answer } = scene.witness.answer(body);
      return { status: judgement.status, ...answer };
    };
    scene.collector.nudge();
    await arrived.promise;
    for (let size = 4; size <= 6; size++) {
      await fill(scene.fixture.ledger, 1);
      await scene.fixture.ledger.checkpointNow();
      scene.collector.nudge();
    }
    expect(scene.asked).toHaveLength(1);
    gate.resolve();
    await scene.collector.idle();
    expect(scene.asked).toHaveLength(2);
    expect(scene.standing().size).toBe(6);
  });
});

describe('a witness that does not cosign', () => {
  it('is asked again after a time that doubles up to five minutes, and at once after that by no nudge', async () => {
    const scene = await openScene();
    scene.network.fault = async () =>
      Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }));
    await fill(scene.fixture.ledger, 3);
    await bring(scene);
    expect(scene.standing()).toMatchObject({
      size: 0,
      error: { reason: expect.stringMatching(/fetch failed \(ECONNREFUSED\)/) },
    });
    await bring(scene);
    expect(scene.asked).toHaveLength(1);
    const delays: number[] = [];
    for (let failures = 1; failures <= 11; failures++) {
      delays.push(...scene.timers.waiting().filter((delayMs) => delayMs !== LIMITS.witnessIntervalMs));
      scene.timers.fire();
      await scene.collector.idle();
    }
    expect(delays.slice(0, 9)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256].map((seconds) => seconds * 1_000));
    expect(delays.slice(9)).toEqual([300_000, 300_000]);
    scene.network.fault = undefined;
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.standing()).toMatchObject({ size: 3, error: undefined, failures: 0 });
  });

  it('is not asked again at once for what was signed while it failed', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 3);
    scene.network.fault = async () => {
      if (scene.asked.length === 1) scene.collector.nudge();
      return { status: 500, type: 'text/plain', body: '' };
    };
    await bring(scene);
    expect(scene.asked).toHaveLength(1);
    scene.network.fault = undefined;
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.standing()).toMatchObject({ size: 3, failures: 0 });
  });

  it.each([
    [403, 'text/plain', 'no', /answered 403.*verifier key of the log/],
    [404, 'text/plain', 'gone\u0007\nagain', /answered 404.*: gone again$/],
    [500, 'text/html', '', /answered 500, an answer that tlog-witness does not know$/],
    [409, 'text/plain', '12\n', /answered 409/],
    [409, 'text/x.tlog.size', 'twelve\n', /answered 409/],
    [200, 'text/plain', '— witness.example/w1 AAAAAAAA\n', /holds no cosignature by witness\.example/],
    [200, 'text/plain', '', /holds no cosignature/],
  ])('is told with its status and words: %s %s %j', async (status, type, body, reason) => {
    const scene = await openScene();
    scene.network.fault = async () => ({ status, type, body });
    await fill(scene.fixture.ledger, 3);
    await bring(scene);
    expect(scene.standing().error?.reason).toMatch(reason);
    expect(scene.conflicts).toEqual([]);
    expect(await newestCosigned(scene.fixture.database)).toBeUndefined();
  });

  it('is not believed when another has signed in its name', async () => {
    const scene = await openScene();
    scene.network.fault = async (body) => {
      const text = body.slice(body.indexOf('\n\n') + 2, body.lastIndexOf('\n\n') + 1);
      const line = signerOf('witness.example/w1').sign(text).split('\n').at(-2);
      return { status: 200, type: 'text/plain', body: `${line}\n` };
    };
    await fill(scene.fixture.ledger, 3);
    await bring(scene);
    expect(scene.standing()).toMatchObject({
      size: 0,
      error: { reason: expect.stringMatching(/not signed by/) },
    });
  });

  it('is asked from the size that it names when an answer of it was lost', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 3);
    scene.network.fault = async (body) => {
      scene.witness.answer(body);
      throw new TypeError('the connection was cut');
    };
    await bring(scene);
    scene.network.fault = undefined;
    await fill(scene.fixture.ledger, 4);
    await scene.fixture.ledger.checkpointNow();
    scene.timers.fire();
    await scene.collector.idle();
    expect(scene.standing()).toMatchObject({ size: 7, error: undefined, conflict: undefined });
    expect(scene.asked.map((body) => body.split('\n')[0])).toEqual(['old 0', 'old 0', 'old 3']);
  });

  it('that forgot what it cosigned is asked from where it is, and that is said', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 5);
    await bring(scene);
    const later = await openScene({ fixture: scene.fixture });
    expect(later.warnings).toEqual(['a witness has forgotten what it cosigned']);
    expect(later.standing()).toMatchObject({ size: 5, conflict: undefined });
  });
});

describe('a collector that is closed', () => {
  it('breaks off its question and asks no other', async () => {
    const scene = await openScene();
    await fill(scene.fixture.ledger, 3);
    await scene.fixture.ledger.checkpointNow();
    const arrived = Promise.withResolvers<void>();
    const signals: AbortSignal[] = [];
    const never: Post = ({ signal }) => {
      signals.push(signal);
      arrived.resolve();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    };
    const timers = manualSchedule();
    const collector = await createCollector({
      database: scene.fixture.database,
      ledger: scene.fixture.ledger,
      witnesses: [{ url: URL, vkey: scene.witness.vkey }],
      post: never,
      now: () => scene.fixture.clock.nowMs,
      schedule: timers.schedule,
      onConflict: () => undefined,
      warn: () => undefined,
    });
    await arrived.promise;
    await collector.close();
    collector.nudge();
    await collector.idle();
    expect(signals).toHaveLength(1);
    expect(timers.waiting()).toEqual([]);
  });
});
