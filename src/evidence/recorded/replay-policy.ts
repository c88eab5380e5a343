import { readSize } from '../../ledger/store.ts';
import type { CompiledPolicy } from '../../policy/compile.ts';
import { createDifferenceTally, type DifferenceReport } from '../../policy/difference.ts';
import { createMemoryCounters } from '../../policy/limits.ts';
import { createRejudge, longestWindowMs, readsSessions } from '../../policy/recorded-call.ts';
import { type RecordedDeps, readRecordedCalls } from './read-calls.ts';
import { firstSeqSince } from './store.ts';

export interface ReplayRequest {
  /** The policy that judges them anew. */
  readonly policy: CompiledPolicy;
  /** Epoch milliseconds, inclusive. */
  readonly since: number;
  /** Epoch milliseconds, exclusive. */
  readonly until: number;
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
  | { readonly kind: 'report'; readonly report: DifferenceReport };

/**
 * Judges recorded calls by another policy and tells where it finds something else; nothing is called, and nothing is
 * written. Limits are judged with counters of their own, which begin one longest window before `since`. Ends with one
 * report. Memory does not grow with the number of calls.
 */
export async function* replayPolicy(
  deps: RecordedDeps,
  { policy, since, until }: ReplayRequest,
): AsyncGenerator<ReplayStep, void> {
  const { database } = deps;
  const size = await readSize(database);
  const from = (await firstSeqSince(database, since - longestWindowMs(policy))) ?? size;
  const to = (await firstSeqSince(database, until)) ?? size;
  const rejudge = createRejudge(policy, createMemoryCounters());
  const tally = createDifferenceTally();
  const callCounts = readsSessions(policy);
  const told = { calls: 0, changed: 0 };
  for await (const { calls, next } of readRecordedCalls(deps, { from, to, input: true, callCounts })) {
    for (const call of calls) {
      const rejudged = rejudge.verdictOn(call);
      if (call.at < since) continue;
      told.calls++;
      if (tally.add(call, rejudged)) told.changed++;
    }
    yield { kind: 'progress', read: next - from, of: to - from, ...told };
  }
  yield { kind: 'report', report: tally.report() };
}
