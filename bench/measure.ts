import type { Caller } from './caller.ts';
import { cpuUs, residentMb, treeOf } from './process-tree.ts';
import type { Target } from './target.ts';

/** The value below which `share` of the numbers lie; NaN for none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

interface Timed {
  readonly latenciesMs: readonly number[];
  readonly perSecond: number;
}

/** Runs at most `calls` calls for at most `maxMs`, each client sending its next one when the last has been answered. */
export async function timeCalls(
  clients: ReadonlyArray<() => Promise<unknown>>,
  bound: { calls: number; maxMs: number },
): Promise<Timed> {
  const latenciesMs: number[] = [];
  const state = { left: bound.calls };
  const began = performance.now();
  await Promise.all(
    clients.map(async (call) => {
      while (state.left-- > 0) {
        const before = performance.now();
        if (before - began > bound.maxMs) return;
        await call();
        latenciesMs.push(performance.now() - before);
      }
    }),
  );
  return { latenciesMs, perSecond: (latenciesMs.length * 1000) / (performance.now() - began) };
}

/** What one slice of one target took. Latencies in milliseconds. */
export interface Slice {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
  /** Processor time per call of the process in between and its children, in microseconds. */
  readonly cpuUs: number;
  readonly residentMb: number;
}

const ARGUMENTS = { text: 'hello' };

/** A target with its agents, and the slices measured so far, by number of clients. */
export interface Runner {
  readonly target: Target;
  readonly slices: ReadonlyMap<number, Slice[]>;
  warm(calls: number): Promise<void>;
  run(clients: number, bound: { calls: number; maxMs: number }): Promise<void>;
}

/** Opens the agents of a target. */
export async function createRunner(target: Target, levels: readonly number[]): Promise<Runner> {
  const callers: Caller[] = [];
  for (let index = 0; index < Math.max(...levels); index++) callers.push(await target.open());
  const params = { name: target.tool, arguments: ARGUMENTS };
  const slices = new Map<number, Slice[]>(levels.map((level) => [level, []]));
  const calls = (clients: number): Array<() => Promise<unknown>> =>
    callers.slice(0, clients).map((caller) => () => caller.call('tools/call', params));
  const park = (): void => {
    for (const caller of callers) caller.park();
  };
  return {
    target,
    slices,
    warm: async (count) => {
      await timeCalls(calls(callers.length), { calls: count, maxMs: 15_000 });
      park();
    },
    run: async (clients, bound) => {
      const active = calls(clients);
      await Promise.all(active.map((call) => call()));
      const pids = target.child?.pid === undefined ? [] : treeOf(target.child.pid);
      const cpuBefore = cpuUs(pids);
      const timed = await timeCalls(active, bound);
      slices.get(clients)?.push({
        p50: quantile(timed.latenciesMs, 0.5),
        p99: quantile(timed.latenciesMs, 0.99),
        perSecond: timed.perSecond,
        cpuUs: (cpuUs(pids) - cpuBefore) / timed.latenciesMs.length,
        residentMb: residentMb(pids),
      });
      park();
    },
  };
}

/** The median over the rounds of one figure of a target. */
export function over(runner: Runner, clients: number, pick: (slice: Slice) => number): number {
  return median((runner.slices.get(clients) ?? []).map(pick));
}
