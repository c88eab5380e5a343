import type { NewId } from '../../core/ids.ts';
import type { GateDeps } from '../../gate/call.ts';
import { createParking, type Parking } from './parking.ts';
import { createSubscriptionDesk, type SubscriptionDesk } from './subscriptions.ts';
import { createWantedLevels, type WantedLevels } from './wanted-levels.ts';

/** What clients of both eras share of all that servers ask and tell. */
export interface RelayDesks {
  readonly parking: Parking;
  readonly desk: SubscriptionDesk;
  readonly levels: WantedLevels;
}

export function createRelayDesks({ gate, newId }: { gate: GateDeps; newId: NewId }): RelayDesks {
  return {
    parking: createParking({ newId, report: gate.report }),
    desk: createSubscriptionDesk(gate),
    levels: createWantedLevels((level) => gate.downstreams.setLogLevel(level)),
  };
}
