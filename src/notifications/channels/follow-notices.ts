import type { Entry } from '../../ledger/entry.ts';
import type { Delivery } from '../deliveries/delivery.ts';
import { withdrawDelivery } from '../deliveries/store.ts';
import type { LaneWork } from '../lane.ts';
import type { ChannelTerms } from './channel.ts';
import { denyLink } from './deny-link.ts';
import { gatherMessages } from './gather.ts';
import { composeMessage, type Message, type MessagePlan } from './message.ts';
import { noteRequests, SOURCES } from './note.ts';
import type { ChannelDeps } from './ports.ts';

/** Whom a lane tells, and of what, as it stands at the moment. */
export interface Listener {
  readonly terms: ChannelTerms;
  readonly waiting: ChannelDeps['waiting'];
  /** Attempts a delivery and records what became of it. */
  readonly tell: (message: Message, delivery: Delivery) => Promise<void>;
}

const TYPES: ReadonlySet<string> = new Set(SOURCES);

/** True for an entry that there may be something to tell of. */
export function isSource({ type }: Entry): boolean {
  return TYPES.has(type);
}

/**
 * The work of a lane under `id`: notes what waits, makes messages of it when they are due, and has its listener told. What
 * a message says is read anew for every attempt; it says nothing of what was decided. Nothing happens while there is no
 * listener.
 */
export function followNotices(
  deps: Omit<ChannelDeps, 'waiting'>,
  { id, listener }: { id: string; listener: () => Promise<Listener | undefined> },
): LaneWork {
  return {
    id,
    lookAt: (entries) => (entries.some(isSource) ? 0 : undefined),
    async prepare() {
      const found = await listener();
      if (found === undefined) return undefined;
      const { waiting, terms } = found;
      const behind = await noteRequests({ ...deps, waiting }, { ...terms, id });
      const { more, at } = await gatherMessages({ ...deps, waiting }, id);
      return { more: behind || more, at };
    },
    async send(delivery) {
      const found = await listener();
      if (found === undefined) return;
      const plan = JSON.parse(delivery.body) as MessagePlan;
      const message = composeMessage(plan, {
        id: delivery.event,
        origin: deps.origin,
        calls: await found.waiting(plan.approvals),
        denyLink: (approval) => denyLink(deps, approval),
        now: deps.now(),
      });
      if (message !== undefined) return found.tell(message, delivery);
      const guard = withdrawDelivery({ webhook: id, event: delivery.event });
      await deps.ledger.commit({ guard, entries: [] });
    },
  };
}
