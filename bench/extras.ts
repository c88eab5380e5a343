import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { openHttpCaller } from './caller.ts';
import { BUILT, type Gateway, upArgs } from './gateway.ts';
import { median, quantile, timeCalls } from './measure.ts';
import { cpuUs } from './process-tree.ts';
import { firstJson, spawnNode, stop } from './spawned.ts';

/** One figure that is not a throughput: what was measured, its value, and what it must not exceed. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly must: number;
}

const PER_SESSION = 40;
const SOURCE = 'src/main.ts';

/** From the call to its pending answer, each call with arguments of its own: frozen and durable before it is told. */
export async function measureHold(gateway: Gateway, samples: number): Promise<Figure[]> {
  const latenciesMs: number[] = [];
  for (let made = 0; made < samples; made += PER_SESSION) {
    const { url, headers } = await gateway.mint();
    const caller = await openHttpCaller(url, headers);
    const state = { next: made };
    const hold = (): Promise<string> =>
      caller.call('tools/call', { name: 'echo_held', arguments: { text: `n${state.next++}` } });
    const timed = await timeCalls([hold], { calls: PER_SESSION, maxMs: 30_000 });
    if (made > 0) latenciesMs.push(...timed.latenciesMs);
    caller.park();
  }
  return [
    { what: 'hold: frozen, durable, answered, p50', value: quantile(latenciesMs, 0.5), unit: 'ms', must: 2 },
    { what: 'hold, p99', value: quantile(latenciesMs, 0.99), unit: 'ms', must: Number.NaN },
  ];
}

/** Listing a catalogue of 1,000 tools, again and again, on one connection. */
export async function measureList(gateway: Gateway, calls: number): Promise<Figure[]> {
  const { url, headers } = await gateway.mint();
  const caller = await openHttpCaller(url, headers);
  const list = (): Promise<string> => caller.call('tools/list', {});
  const first = await list();
  const names = first.match(/"name":/g)?.length ?? 0;
  if (names < 1_000) throw new Error(`The list holds ${names} tools.`);
  await timeCalls([list], { calls: 200, maxMs: 10_000 });
  const pids = gateway.child.pid === undefined ? [] : [gateway.child.pid];
  const before = cpuUs(pids);
  const timed = await timeCalls([list], { calls, maxMs: 10_000 });
  const cpuMs = (cpuUs(pids) - before) / timed.latenciesMs.length / 1000;
  caller.park();
  return [
    { what: '1,000-tool list, gateway CPU', value: cpuMs, unit: 'ms', must: 2 },
    {
      what: '1,000-tool list, p50 at the client',
      value: median(timed.latenciesMs),
      unit: 'ms',
      must: Number.NaN,
    },
  ];
}

async function timeStart(folder: string, main: string): Promise<number> {
  const args = upArgs(folder, {}, { main });
  const began = performance.now();
  const started = spawnNode(args, { env: { NODE_ENV: 'production', COUNTERSIGN_DEMO: 'false' } });
  await firstJson(started, (value): value is object => (value as { event?: unknown }).event === 'ready');
  const tookMs = performance.now() - began;
  await stop(started.child);
  return tookMs;
}

function timeNode(): number {
  const began = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

/**
 * From spawn to the ready line without downstreams, on a data folder and a cache of compiled code that exist, against
 * an empty Node program: of what `npm run build` made, which is what `npm start` runs, and of the sources.
 */
export async function measureStart(folder: string, rounds: number): Promise<Figure[]> {
  const place = mkdtempSync(join(folder, 'start-'));
  const built: number[] = [];
  const source: number[] = [];
  const empty: number[] = [];
  for (const main of [BUILT, SOURCE]) await timeStart(place, main);
  for (let round = 0; round < rounds; round++) {
    empty.push(timeNode());
    built.push(await timeStart(place, BUILT));
    source.push(await timeStart(place, SOURCE));
  }
  const against = (times: readonly number[]): number => median(times) / median(empty);
  return [
    { what: 'start to ready, no downstreams, built', value: median(built), unit: 'ms', must: Number.NaN },
    { what: '`node -e 0`', value: median(empty), unit: 'ms', must: Number.NaN },
    { what: 'start to ready against `node -e 0`, built', value: against(built), unit: '×', must: 6 },
    { what: 'the same from source', value: against(source), unit: '×', must: Number.NaN },
  ];
}
