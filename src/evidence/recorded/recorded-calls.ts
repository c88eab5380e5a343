import type { ShadowReport } from '../../policy/shadow.ts';
import type { ExplainBy, ExplainedCall } from './explain-call.ts';
import type { ReplayRequest, ReplayStep } from './replay-policy.ts';

/** What policies make of the calls that a gateway has recorded. Nothing is called; a replay is on the ledger. */
export interface RecordedCalls {
  readonly replay: (request: ReplayRequest) => Promise<AsyncGenerator<ReplayStep, void>>;
  readonly shadow: (range: { since: number; until: number }) => Promise<ShadowReport>;
  readonly explain: (question: { id: string; by: ExplainBy }) => Promise<ExplainedCall>;
}
