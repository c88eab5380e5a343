import type { Entry } from '../../ledger/entry.ts';
import type { Delivery } from '../deliveries/delivery.ts';
import { recordAttempt } from '../deliveries/settle.ts';
import { withdrawDelivery } from '../deliveries/store.ts';
import type { LaneWork } from '../lane.ts';
import { type Channel, channelId } from './channel.ts';
import { denyLink } from './deny-link.ts';
import { gatherMessages } from './gather.ts';
import { composeMessage, type MessagePlan } from './message.ts';
import { noteRequests, SOURCES } from './note.ts';
import type { ChannelDeps } from './ports.ts';
import { sendMessage } from './send.ts';

const TYPES: ReadonlySet<string> = new Set(SOURCES);
const isSource = ({ type }: Entry): boolean => TYPES.has(type);

/** The work for one channel. What a message says is read anew for every attempt; it says nothing of what was decided. */
export function followChannel(deps: ChannelDeps, channel: Channel): LaneWork {
  const id = channelId({ workspace: deps.workspace, name: channel.name });

  async function send(delivery: Delivery): Promise<void> {
    const plan = JSON.parse(delivery.body) as MessagePlan;
    const message = composeMessage(plan, {
      id: delivery.event,
      origin: deps.origin,
      calls: await deps.waiting(plan.approvals),
      denyLink: (approval) => denyLink(deps, approval),
      now: deps.now(),
    });
    if (message === undefined) {
      const guard = withdrawDelivery({ webhook: id, event: delivery.event });
      await deps.ledger.commit({ guard, entries: [] });
      return;
    }
    const attempt = await sendMessage(deps, channel, message);
    await recordAttempt(deps, { delivery, attempt });
  }

  return {
    id,
    lookAt: (entries) => (entries.some(isSource) ? 0 : undefined),
    async prepare() {
      const behind = await noteRequests(deps, { ...channel, id });
      const { more, at } = await gatherMessages(deps, id);
      return { more: behind || more, at };
    },
    send,
  };
}
