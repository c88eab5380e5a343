import { errorText } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reader } from '../../storage/database.ts';
import type { RunningLedger } from '../ledger.ts';
import type { Schedule } from '../schedule.ts';
import { type AttemptDeps, attempt } from './attempt.ts';
import { parseWitnessVkey, type WitnessVerifier } from './cosignature.ts';
import { failed, type WitnessStanding } from './standing.ts';
import { newestCosignatureOf } from './store.ts';

/** A witness as the operator names it. */
export interface ConfiguredWitness {
  /** Its submission prefix, without a trailing slash. */
  readonly url: string;
  readonly vkey: string;
}

export interface CollectDeps extends AttemptDeps {
  readonly ledger: Pick<RunningLedger, 'commit' | 'head'>;
  readonly witnesses: readonly ConfiguredWitness[];
  readonly schedule: Schedule;
  /** Told once of each conflict. */
  readonly onConflict: (standing: WitnessStanding) => void;
}

/** Brings checkpoints to the witnesses, away from every caller: nothing waits for a witness. */
export interface Collector {
  /** A checkpoint was signed that should be cosigned at once. */
  nudge(): void;
  standings(): readonly WitnessStanding[];
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

interface Runner {
  nudge(): void;
  standing(): WitnessStanding;
  idle(): Promise<void>;
}

async function standingAtStart(database: Reader, { url, vkey }: ConfiguredWitness): Promise<WitnessStanding> {
  const { name } = parseWitnessVkey(vkey) as WitnessVerifier;
  const newest = await newestCosignatureOf(database, vkey);
  return {
    url,
    vkey,
    name,
    size: newest?.size ?? 0,
    cosignedAt: newest?.cosignedAt,
    error: undefined,
    conflict: undefined,
    failures: 0,
  };
}

function backoffMs(failures: number): number {
  return Math.min(LIMITS.witnessBackoffMinMs * 2 ** Math.max(0, failures - 1), LIMITS.witnessBackoffMaxMs);
}

/** Network failures say what happened in their cause. */
function failureText(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  const detail = cause?.code ?? cause?.message;
  return detail === undefined ? errorText(error) : `${errorText(error)} (${detail})`;
}

/** One question at a time; a nudge during one is answered by another after it. After a failure only time helps. */
function createRunner(deps: CollectDeps, start: WitnessStanding, closing: AbortSignal): Runner {
  let standing = start;
  let wanted = false;
  let always = true;
  let cancelRetry: (() => void) | undefined;
  let running: Promise<void> | undefined;

  function settle(next: WitnessStanding): void {
    const before = standing.conflict;
    standing = next;
    always = next.error !== undefined;
    if (next.conflict !== undefined && next.conflict !== before) deps.onConflict(next);
    if (!always) return;
    cancelRetry = deps.schedule(() => {
      cancelRetry = undefined;
      nudge();
    }, backoffMs(next.failures));
  }

  async function run(): Promise<void> {
    while (wanted && cancelRetry === undefined && !closing.aborted) {
      wanted = false;
      const next = await attempt(deps, { standing, always, closing }).catch((error: unknown) =>
        failed(standing, { reason: `the attempt failed: ${failureText(error)}`, at: deps.now() }),
      );
      if (!closing.aborted) settle(next);
    }
  }

  function nudge(): void {
    if (closing.aborted) return;
    wanted = true;
    if (cancelRetry !== undefined) return;
    running ??= run().finally(() => {
      running = undefined;
      // A nudge after the last look and before this turn would otherwise wait for the next.
      if (wanted) nudge();
    });
  }

  closing.addEventListener('abort', () => cancelRetry?.(), { once: true });
  return { nudge, standing: () => standing, idle: () => running ?? Promise.resolve() };
}

/**
 * Collects cosignatures from every configured witness: at once after `nudge`, otherwise every
 * `LIMITS.witnessIntervalMs` when there is a checkpoint that a witness has not cosigned; after a failure again after
 * a time that doubles. A witness that holds more than we have, or something else, is a conflict; it is told once, and
 * stays until that witness cosigns again.
 */
export async function createCollector(deps: CollectDeps): Promise<Collector> {
  const { witnesses, schedule, ledger } = deps;
  const closing = new AbortController();
  const starts = await Promise.all(witnesses.map((witness) => standingAtStart(deps.database, witness)));
  const runners = starts.map((start) => createRunner(deps, start, closing.signal));

  let cancelTick: (() => void) | undefined;

  function nudge(): void {
    for (const runner of runners) runner.nudge();
  }
  function tick(): void {
    const { size } = ledger.head();
    for (const runner of runners) if (runner.standing().size !== size) runner.nudge();
    cancelTick = schedule(tick, LIMITS.witnessIntervalMs);
  }
  if (runners.length > 0) {
    nudge();
    cancelTick = schedule(tick, LIMITS.witnessIntervalMs);
  }

  const idle = async (): Promise<void> => {
    await Promise.all(runners.map((runner) => runner.idle()));
  };
  return {
    nudge,
    standings: () => runners.map((runner) => runner.standing()),
    idle,
    close: () => {
      closing.abort();
      cancelTick?.();
      return idle();
    },
  };
}
