import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Post } from '../../../src/ledger/witness/ask.ts';
import { type CollectDeps, type Collector, createCollector } from '../../../src/ledger/witness/collect.ts';
import { openWitness, type Witness } from '../../../src/ledger/witness/open-witness.ts';
import type { WitnessStanding } from '../../../src/ledger/witness/standing.ts';
import { type Fixture, manualSchedule, openFixture, temporaryFolder } from '../fixture.ts';

export const URL = 'https://witness.example';

type Answer = Awaited<ReturnType<Post>>;

/** A ledger, a witness, and a collector between them, with network and time in the test's hands. */
export interface Scene {
  readonly fixture: Fixture;
  readonly witness: Witness;
  readonly collector: Collector;
  readonly timers: ReturnType<typeof manualSchedule>;
  /** The bodies that the witness was sent. */
  readonly asked: string[];
  readonly conflicts: WitnessStanding[];
  readonly warnings: string[];
  /** What the network does in place of the witness, as long as it is set. */
  readonly network: { fault?: ((body: string) => Promise<Answer>) | undefined };
  standing(): WitnessStanding;
}

function witnessIn(folder: string, fixture: Fixture): Witness {
  return openWitness({
    logs: [fixture.signer.vkey],
    keyFile: join(folder, 'witness.key'),
    stateFile: join(folder, 'witness.json'),
    name: 'witness.example/w1',
    now: () => fixture.clock.nowMs,
    random: (size) => new Uint8Array(size).fill(5),
  });
}

export async function openScene(given: { fixture?: Fixture; folder?: string } = {}): Promise<Scene> {
  const fixture = given.fixture ?? (await openFixture());
  const witness = witnessIn(given.folder ?? temporaryFolder(), fixture);
  const timers = manualSchedule();
  const asked: string[] = [];
  const conflicts: WitnessStanding[] = [];
  const warnings: string[] = [];
  const network: Scene['network'] = {};
  const post: Post = async ({ url, body }) => {
    expect(url).toBe(`${URL}/add-checkpoint`);
    asked.push(body);
    if (network.fault !== undefined) return network.fault(body);
    const { judgement, ...answer } = witness.answer(body);
    return { status: judgement.status, ...answer };
  };
  const deps: CollectDeps = {
    database: fixture.database,
    ledger: fixture.ledger,
    witnesses: [{ url: URL, vkey: witness.vkey }],
    post,
    now: () => fixture.clock.nowMs,
    schedule: timers.schedule,
    onConflict: (standing) => conflicts.push(standing),
    warn: (_fields, message) => warnings.push(message),
  };
  const collector = await createCollector(deps);
  onTestFinished(() => collector.close());
  await collector.idle();
  const standing = () => collector.standings()[0] as WitnessStanding;
  return { fixture, witness, collector, timers, asked, conflicts, warnings, network, standing };
}

/** Signs what there is and has the witness asked. */
export async function bring({ fixture, collector }: Pick<Scene, 'fixture' | 'collector'>): Promise<void> {
  await fixture.ledger.checkpointNow();
  collector.nudge();
  await collector.idle();
}
