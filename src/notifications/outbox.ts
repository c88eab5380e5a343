import { followEndpoint } from './follow-endpoint.ts';
import { createLanes, type Lanes } from './lanes.ts';
import type { OutboxDeps } from './ports.ts';
import { allEndpoints } from './store.ts';

/** Sends what happens to whoever wants to be told. */
export type Outbox = Lanes;

/**
 * The ledger is the outbox: an entry is durable with the change that it tells of, and every endpoint has a place in the
 * ledger up to which its deliveries are made. Nothing is written for an event while its call is under way, and nobody
 * listens to the ledger while no endpoint is switched on. What a stop or a crash interrupts goes on with the next start.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
  const lanes = createLanes(deps, {
    receivers: async () =>
      (await allEndpoints(deps.database, deps.workspace))
        .filter(({ enabled }) => enabled)
        .map(({ id, events }) => ({
          id,
          version: JSON.stringify(events),
          follow: () => followEndpoint(deps, { id, events, onDisabled: () => void lanes.refresh() }),
        })),
    forget: () => [],
  });
  return lanes;
}
