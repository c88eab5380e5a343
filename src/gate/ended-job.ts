import type { FinalOutcome } from '../downstream/catalog.ts';
import type { EndedJob } from '../jobs/ports.ts';
import type { GateOutcome } from './call.ts';

/** A tool's own error is a result like any other: the work was done. */
function answered({ kind, raw }: { kind: 'result' | 'error'; raw: string }): EndedJob {
  const result = { kind, text: raw };
  return kind === 'result'
    ? { state: 'completed', result }
    : { state: 'failed', result, reason: 'The server answered with an error.' };
}

/**
 * How a job ends whose work ended so at its server. What was sent and then cancelled at somebody's wish may have run all
 * the same, and the reason says so.
 */
export function endedJob(outcome: FinalOutcome, { cancelled }: { cancelled: boolean }): EndedJob {
  switch (outcome.kind) {
    case 'result':
    case 'error':
      return answered(outcome);
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

/** How a job ends that was a call whose caller had to be let go: as the gate told the end of the call. */
export function endedCall(outcome: GateOutcome, { cancelled }: { cancelled: boolean }): EndedJob {
  switch (outcome.kind) {
    case 'result':
    case 'error':
      return answered(outcome);
    case 'refused': {
      const isUnknown = outcome.code === 'outcome_unknown';
      if (cancelled && (isUnknown || outcome.code === 'cancelled'))
        return { state: 'cancelled', reason: `It was cancelled. ${outcome.message}` };
      return { state: isUnknown ? 'unknown' : 'failed', reason: outcome.message };
    }
    case 'input_required':
      return {
        state: 'failed',
        reason: 'The server asked for input when nobody was there any more to answer.',
      };
    default:
      return { state: 'failed', reason: 'It was not sent.' };
  }
}
