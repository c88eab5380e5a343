import { readSize } from '../../ledger/store.ts';
import { createShadowTally, type ShadowReport } from '../../policy/shadow.ts';
import { type RecordedDeps, readRecordedCalls } from './read-calls.ts';
import { firstSeqSince } from './store.ts';

/** What rules in shadow mode would have done with the calls of a time, in epoch milliseconds, `until` exclusive. */
export async function reportShadow(
  deps: RecordedDeps,
  { since, until }: { since: number; until: number },
): Promise<ShadowReport> {
  const size = await readSize(deps.database);
  const from = (await firstSeqSince(deps.database, since)) ?? size;
  const to = (await firstSeqSince(deps.database, until)) ?? size;
  const tally = createShadowTally();
  for await (const { calls } of readRecordedCalls(deps, { from, to, input: false, callCounts: false }))
    for (const call of calls) tally.add(call);
  return tally.report();
}
