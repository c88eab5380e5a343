import { systemStopwatch } from '../core/clock.ts';
import type { RecordedCalls } from '../evidence/recorded/recorded-calls.ts';
import type { CompiledPolicy } from '../policy/compile.ts';
import type { State } from './open-state.ts';

/** What policies make of the calls that this gateway has recorded; what that takes is loaded when somebody asks. */
export function wireReplay(state: State, inForce: () => CompiledPolicy): RecordedCalls {
  const { database, workspace, dataKey, ledger } = state;
  const deps = { database, workspace, dataKey };
  return {
    async replay(request) {
      const { replayPolicy } = await import('../evidence/recorded/replay-policy.ts');
      return replayPolicy({ ...deps, ledger, inForce, stopwatch: systemStopwatch }, request);
    },
    shadow: async (range) =>
      (await import('../evidence/recorded/report-shadow.ts')).reportShadow(deps, range),
    explain: async (question) =>
      (await import('../evidence/recorded/explain-call.ts')).explainCall({ ...deps, inForce }, question),
  };
}
