import { attemptDelivery } from './deliveries/attempt.ts';
import { settleAttempt } from './deliveries/settle.ts';
import { sourcesOf } from './event.ts';
import { fanOut, tellCheckpoint } from './fan-out.ts';
import type { LaneWork } from './lane.ts';
import type { OutboxDeps } from './ports.ts';
import { liveEndpoint, type StoredEndpoint } from './store.ts';

/** The work for one endpoint. `onDisabled` is called when it was switched off by its own answer. */
export function followEndpoint(
  deps: OutboxDeps,
  { id, events, onDisabled }: Pick<StoredEndpoint, 'id' | 'events'> & { onDisabled: () => void },
): LaneWork {
  const types: ReadonlySet<string> = new Set(sourcesOf(events));
  let checkpointAt: number | undefined;
  let found: StoredEndpoint | undefined;
  return {
    id,
    lookAt: (entries) => (entries.some((entry) => types.has(entry.type)) ? 0 : checkpointAt),
    async prepare() {
      found = await liveEndpoint(deps.database, { id, workspace: deps.workspace });
      if (found === undefined) return undefined;
      checkpointAt = await tellCheckpoint(deps, found);
      const isBehind = deps.ledger.head().size > found.checkpointSize;
      return { at: isBehind ? checkpointAt : undefined, more: await fanOut(deps, found) };
    },
    async send(delivery) {
      const endpoint = found;
      if (endpoint === undefined) return;
      const message = { id: delivery.event, body: delivery.body };
      const attempt = await attemptDelivery(deps, endpoint, message);
      const { disabled } = await settleAttempt(deps, { endpoint, delivery, attempt });
      if (disabled) onDisabled();
    },
  };
}
