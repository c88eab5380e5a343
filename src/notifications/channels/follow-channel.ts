import { recordAttempt } from '../deliveries/settle.ts';
import type { LaneWork } from '../lane.ts';
import { type CarriedChannel, channelId } from './channel.ts';
import { followNotices } from './follow-notices.ts';
import type { ChannelDeps } from './ports.ts';
import { sendMessage } from './send.ts';

/** The work for one channel of the configuration. */
export function followChannel(deps: ChannelDeps, channel: CarriedChannel): LaneWork {
  return followNotices(deps, {
    id: channelId({ workspace: deps.workspace, name: channel.name }),
    listener: async () => ({
      terms: channel,
      waiting: deps.waiting,
      async tell(message, delivery) {
        const attempt = await sendMessage(deps, channel, message);
        await recordAttempt(deps, { delivery, attempt });
      },
    }),
  });
}
