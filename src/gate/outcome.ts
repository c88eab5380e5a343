import type { JsonObject } from '../core/json.ts';
import type { DownstreamOutcome, FinalOutcome } from '../downstream/catalog.ts';
import type { GateOutcome } from './call.ts';

/** What was called, in the words for its agent. */
export interface Called {
  readonly exposed: string;
  readonly server: string;
}

/** What is known of a request whose sending broke off in the gateway itself: a server may have it. */
export const BROKE_OFF: Extract<FinalOutcome, { kind: 'unknown' }> = {
  kind: 'unknown',
  reason: 'the gateway failed while it was under way',
};

/** A task where nobody wanted one. */
export function withoutTask(outcome: DownstreamOutcome): FinalOutcome {
  if (outcome.kind !== 'task') return outcome;
  return { kind: 'unknown', reason: 'the server answered with a task, which was not asked for' };
}

/** What the ledger says of an outcome: its kind, and never what was said. */
export function outcomeBody(outcome: FinalOutcome): JsonObject {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'result', is_error: outcome.isError, bytes: Buffer.byteLength(outcome.raw) };
    case 'error':
    case 'input_required':
      return { kind: outcome.kind, bytes: Buffer.byteLength(outcome.raw) };
    default:
      return { kind: outcome.kind, reason: outcome.reason };
  }
}

/** What an agent must hear when a call was sent and the ledger then failed: never that it did not run. */
export function unrecorded(called: Called): GateOutcome {
  return {
    kind: 'refused',
    code: 'outcome_unknown',
    message: `${called.exposed} was sent to ${called.server}, but its outcome could not be recorded and is withheld. It has probably run; check before calling it again.`,
  };
}

/** What an agent hears of a call after which nothing more comes. */
export function toGateOutcome(
  called: Called,
  outcome: Exclude<FinalOutcome, { kind: 'input_required' }>,
): GateOutcome {
  switch (outcome.kind) {
    case 'result':
      return { kind: 'result', raw: outcome.raw };
    case 'error':
      return { kind: 'error', raw: outcome.raw };
    case 'not_sent':
      return {
        kind: 'refused',
        code: outcome.code,
        message: `${called.exposed} was not called: ${outcome.reason}`,
      };
    case 'unknown':
      return {
        kind: 'refused',
        code: 'outcome_unknown',
        message: `${called.exposed} was sent to ${called.server}, but its outcome is not known: ${outcome.reason}. It may have run; check before calling it again.`,
      };
  }
}
