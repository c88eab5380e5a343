import { judge, type Ran, readBaseline } from './baseline.ts';
import type { Section } from './report.ts';
import { listScenarios, type Revision, runScenarios, type Scenarios, type SuiteName } from './suite.ts';
import { openDirect, openThrough, type Target, type Topology } from './topology.ts';
import { countOf, type Difference, differencesOf, type Results, shortfallsOf } from './verdict.ts';

export interface Selection {
  readonly topologies: readonly Topology[];
  readonly revisions: readonly Revision[];
  /** Only this one. */
  readonly scenario?: string | undefined;
  /** Told of each run that has ended. */
  readonly onProgress?: (said: string) => void;
}

interface Job {
  readonly suite: SuiteName;
  readonly revision: Revision;
  readonly scenarios: Scenarios;
}

/** How many suites run at once. */
const AT_ONCE = 2;

const secondsSince = (at: number): string => ((performance.now() - at) / 1_000).toFixed(1);

/** Runs everything, a few at a time, and keeps the order. */
async function inTurn<In, Out>(items: readonly In[], work: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

async function jobsOf({ revisions, scenario }: Selection): Promise<Job[]> {
  const jobs: Job[] = [];
  const only = (names: readonly string[]): readonly string[] =>
    scenario === undefined ? names : names.filter((name) => name === scenario);
  for (const suite of ['stable', 'next'] as const) {
    for (const revision of revisions) {
      const { dated, extensions } = await listScenarios(suite, revision);
      const scenarios = { dated: only(dated), extensions: only(extensions) };
      if (scenarios.dated.length + scenarios.extensions.length > 0) jobs.push({ suite, revision, scenarios });
    }
  }
  if (jobs.length === 0) throw new Error(`no suite has the scenario "${scenario}" at these revisions`);
  return jobs;
}

async function section(
  name: string,
  input: { results: readonly Results[]; differences: Difference[]; runs: Ran[] },
): Promise<Section> {
  const hops = name === 'direct' ? [] : (await readBaseline('hop-by-hop')).lines;
  const { lines } = await readBaseline(name);
  const { results, differences, runs } = input;
  // What belongs to one hop is no difference between a server and the same server behind a gateway.
  const onHops = judge(differences, { lines: hops, runs });
  const own = judge(onHops.unknown, { lines, runs });
  const checks = results.reduce((sum, one) => sum + countOf(one), 0);
  const scenarios = results.reduce((sum, one) => sum + one.size, 0);
  const judgement = { ...own, stale: [...own.stale, ...onHops.stale] };
  return { name, checks, scenarios, hops: onHops.known.length, judgement };
}

/**
 * Runs the suites directly against the fixture and through gateways, and compares check by check. The first section
 * says where the fixture itself falls short, each other one where a gateway makes a difference.
 */
export async function compare(selection: Selection): Promise<Section[]> {
  const { topologies, onProgress } = selection;
  const jobs = await jobsOf(selection);
  const places: ('direct' | Topology)[] = ['direct', ...topologies];
  const runs = places.flatMap((place) => jobs.map((job) => ({ place, job })));
  const results = await inTurn(runs, async ({ place, job }): Promise<Results> => {
    const { suite, revision, scenarios } = job;
    const target: Target = place === 'direct' ? await openDirect() : await openThrough(place, revision);
    const since = performance.now();
    try {
      const found = await runScenarios({ suite, revision }, { url: target.url, scenarios });
      onProgress?.(
        `${place} ${suite} ${revision}: ${found.size} scenarios, ${countOf(found)} checks, ${secondsSince(since)} s`,
      );
      return found;
    } finally {
      await target.close();
    }
  });
  const resultOf = (place: string, job: Job): Results =>
    results[runs.findIndex((one) => one.place === place && one.job === job)] ?? new Map();
  const ran: Ran[] = jobs.map(({ suite, revision, scenarios: { dated, extensions } }) => {
    return { suite, revision, scenarios: new Set([...dated, ...extensions]) };
  });
  return Promise.all(
    places.map((place) => {
      const differences = jobs.flatMap((job) => {
        const [wanted, got] = [resultOf('direct', job), resultOf(place, job)];
        return place === 'direct' ? shortfallsOf(job, got) : differencesOf(job, { wanted, got });
      });
      return section(place, { results: jobs.map((job) => resultOf(place, job)), differences, runs: ran });
    }),
  );
}
