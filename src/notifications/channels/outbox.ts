import { LIMITS } from '../../core/limits.ts';
import { createLanes, type Lanes, type Receiver } from '../lanes.ts';
import { devicesToFollow } from '../push/follow-device.ts';
import type { PushLaneDeps } from '../push/ports.ts';
import { type Channel, channelId, isCarried } from './channel.ts';
import { followChannel } from './follow-channel.ts';
import type { ChannelDeps } from './ports.ts';
import { eraseChannel, forgetNotices, insertChannel, knownChannels } from './store.ts';

/** Tells people that something waits for them. */
export interface ChannelOutbox extends Lanes {
  /** Goes on where the last process ended. Nothing listens, and nothing is written, where there is nobody to tell. */
  start(): Promise<void>;
}

/**
 * The ledger is the outbox, as for webhooks: each channel and each device has a place in it, and a lane of its own, which
 * waits for no other. What a stop or a crash interrupts goes on with the next start.
 */
export function createChannelOutbox(
  deps: ChannelDeps & { readonly push: PushLaneDeps },
  channels: readonly Channel[],
): ChannelOutbox {
  const carried: Receiver[] = channels.filter(isCarried).map((channel) => ({
    id: channelId({ workspace: deps.workspace, name: channel.name }),
    version: '',
    follow: () => followChannel(deps, channel),
  }));
  const push = channels.find(({ target }) => target.kind === 'push');

  async function receivers(): Promise<readonly Receiver[]> {
    if (push === undefined) return carried;
    const onGone = (): void => void lanes.refresh();
    return [...carried, ...(await devicesToFollow({ ...deps, ...deps.push }, { terms: push, onGone }))];
  }

  const lanes = createLanes(deps, {
    receivers,
    forget: (now) => [forgetNotices(now - LIMITS.channelAgentWindowMs)],
  });

  return {
    ...lanes,
    async start() {
      // In this order: who is added in between has a place already, which must stay.
      const known = await knownChannels(deps.database);
      const ids = (await receivers()).map(({ id }) => id);
      const gone = known.filter((id) => !ids.includes(id));
      const added = ids.filter((id) => !known.includes(id));
      const { size } = deps.ledger.head();
      const then = [...gone.flatMap(eraseChannel), ...added.map((id) => insertChannel(id, size))];
      if (then.length > 0) await deps.ledger.commit({ then, entries: [] });
      await lanes.refresh();
    },
  };
}
