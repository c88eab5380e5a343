import type { Stopwatch } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryDraft } from '../../ledger/entry.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { readSize } from '../../ledger/store.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import { createDifferenceTally, type DifferenceReport } from '../../policy/difference.ts';
import { createMemoryCounters } from '../../policy/limits.ts';
import { createRejudge, longestWindowMs, readsSessions } from '../../policy/recorded-call.ts';
import { timedPolicy } from '../../policy/timed-policy.ts';
import { type RecordedDeps, readRecordedCalls } from './read-calls.ts';
import { createHiddenReader } from './read-hidden.ts';
import { countJudged, firstSeqSince, judgedSeqFromEnd } from './store.ts';

export interface ReplayRequest {
  /** The policy that judges them anew. */
  readonly policy: CompiledPolicy;
  /** Epoch milliseconds, inclusive. */
  readonly since: number;
  /** Epoch milliseconds, exclusive. */
  readonly until: number;
  /** Who asks, as the ledger names them. */
  readonly principal: string;
  /**
   * Whether what policy redacts counts as not known, only the newest `LIMITS.policyReplayCalls` calls are read, and the
   * conditions have a bounded time: for people, who may not ask about what they are not shown, nor keep others waiting.
   */
  readonly bounded: boolean;
}

export interface ReplayDeps extends RecordedDeps {
  readonly ledger: Ledger;
  readonly inForce: () => CompiledPolicy;
  readonly stopwatch: Stopwatch;
}

export type ReplayStep =
  | {
      readonly kind: 'progress';
      /** Entries of the ledger that were read, of how many. */
      readonly read: number;
      readonly of: number;
      readonly calls: number;
      readonly changed: number;
    }
  | {
      readonly kind: 'report';
      readonly report: DifferenceReport;
      /** Older calls of the time asked for that were not read. */
      readonly leftOut: number;
    }
  /** The conditions took too long; there is no report. */
  | { readonly kind: 'stopped' };

/** Sequences: what is read, and from where on it is told. */
interface Plan {
  readonly from: number;
  readonly start: number;
  readonly to: number;
  readonly calls: number;
  readonly leftOut: number;
}

async function planOf({ database }: RecordedDeps, request: ReplayRequest): Promise<Plan> {
  const { policy, since, until, bounded } = request;
  const size = await readSize(database);
  const seqAt = async (ts: number) => (await firstSeqSince(database, ts)) ?? size;
  const to = await seqAt(until);
  const first = await seqAt(since);
  const early = await seqAt(since - longestWindowMs(policy));
  const oldest = bounded
    ? await judgedSeqFromEnd(database, { from: early, to, count: LIMITS.policyReplayCalls })
    : undefined;
  const from = Math.max(early, oldest ?? 0);
  const start = Math.max(first, from);
  const calls = await countJudged(database, { from: start, to });
  const leftOut = start > first ? await countJudged(database, { from: first, to: start }) : 0;
  return { from, start, to, calls, leftOut };
}

function replayedEntry({ policy, since, until, principal }: ReplayRequest, { calls }: Plan): EntryDraft {
  return {
    type: 'policy.replayed',
    ref: { principal, action: 'policies.replay' },
    body: { policy: policy.version, since, until, calls },
  };
}

async function* stepsOf(
  deps: ReplayDeps,
  { policy, bounded }: ReplayRequest,
  { from, start, to, leftOut }: Plan,
): AsyncGenerator<ReplayStep, void> {
  const hidden = bounded ? createHiddenReader({ ...deps, inForce: deps.inForce() }) : undefined;
  const { stopwatch } = deps;
  const timed = bounded ? timedPolicy(policy, { mostMs: LIMITS.policyReplayCallMs, stopwatch }) : undefined;
  const counters = createMemoryCounters();
  const rejudge = createRejudge(timed ?? policy, { counters, hidden: hidden?.of });
  const spent = { ms: 0, sliceMs: 0 };
  const tally = createDifferenceTally();
  const callCounts = readsSessions(policy);
  const told = { calls: 0, changed: 0 };
  for await (const { calls, next } of readRecordedCalls(deps, { from, to, input: true, callCounts })) {
    await hidden?.learn(calls);
    for (const call of calls) {
      const begun = stopwatch();
      const rejudged = rejudge.verdictOn(call);
      const tookMs = stopwatch() - begun;
      spent.ms += tookMs;
      if (timed !== undefined && (timed.isOver() || spent.ms > LIMITS.policyReplayJudgingMs))
        return yield { kind: 'stopped' };
      spent.sliceMs += tookMs;
      if (spent.sliceMs > LIMITS.policyReplaySliceMs) {
        spent.sliceMs = 0;
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
      }
      if (call.seq < start) continue;
      told.calls++;
      if (tally.add(call, rejudged)) told.changed++;
    }
    yield { kind: 'progress', read: next - from, of: to - from, ...told };
  }
  yield { kind: 'report', report: tally.report(), leftOut };
}

/**
 * Judges recorded calls by another policy and tells where it finds something else; nothing is called. That somebody asks
 * stands on the ledger before the first step is told; throws `ledger_unavailable` where it cannot. Limits are judged with
 * counters of their own, which begin one longest window before `since`. Ends with one report, or `stopped`. Memory does
 * not grow with the number of calls.
 */
export async function replayPolicy(
  deps: ReplayDeps,
  request: ReplayRequest,
): Promise<AsyncGenerator<ReplayStep, void>> {
  const plan = await planOf(deps, request);
  await deps.ledger.commit({ then: [], entries: [replayedEntry(request, plan)] });
  return stepsOf(deps, request, plan);
}
