import { systemSchedule } from '../ledger/schedule.ts';
import { type Collector, createCollector } from '../ledger/witness/collect.ts';
import { postOverHttp } from '../ledger/witness/post.ts';
import type { WitnessStanding } from '../ledger/witness/standing.ts';
import type { State } from './open-state.ts';
import type { AppEvent } from './options.ts';

/** What an operator has to hear: this ledger is not what a witness has seen of it. */
function conflictEvent({ url, name, conflict }: WitnessStanding): AppEvent {
  return {
    event: 'ledger.rolled_back',
    witness: name,
    url,
    kind: conflict?.kind,
    witness_size: conflict?.witnessSize,
    own_size: conflict?.ownSize,
  };
}

/** Brings checkpoints to the configured witnesses, and says loudly when one has seen another ledger than this. */
export function collectCosignatures(state: State, emit: (event: AppEvent) => void): Promise<Collector> {
  const { database, ledger, now, config, log } = state;
  return createCollector({
    database,
    ledger,
    now,
    witnesses: config.witnesses,
    post: postOverHttp,
    schedule: systemSchedule,
    warn: (fields, message) => log.warn(fields, message),
    onConflict: (standing) => {
      const event = conflictEvent(standing);
      log.error(event, `the ledger does not fit a witness: ${standing.error?.reason}`);
      emit(event);
    },
  });
}
