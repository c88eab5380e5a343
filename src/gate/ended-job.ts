import type { FinalOutcome } from '../downstream/catalog.ts';
import type { EndedJob } from '../jobs/ports.ts';

/**
 * How a job ends whose work ended so. A tool's own error is a result like any other: the work was done. What was sent
 * and then cancelled at somebody's wish may have run all the same, and the reason says so.
 */
export function endedJob(outcome: FinalOutcome, { cancelled }: { cancelled: boolean }): EndedJob {
  switch (outcome.kind) {
    case 'result':
      return { state: 'completed', result: { kind: 'result', text: outcome.raw } };
    case 'error':
      return {
        state: 'failed',
        result: { kind: 'error', text: outcome.raw },
        reason: 'The server answered with an error.',
      };
    case 'not_sent': {
      const reason = `Nothing was sent: ${outcome.reason}.`;
      return { state: cancelled ? 'cancelled' : 'failed', reason };
    }
    case 'unknown':
      return cancelled
        ? { state: 'cancelled', reason: 'It was cancelled after it was sent; it may have run in part.' }
        : { state: 'unknown', reason: `It was sent, but its outcome is not known: ${outcome.reason}.` };
    default:
      return { state: 'unknown', reason: 'It ended in a way that nobody can answer any more.' };
  }
}
