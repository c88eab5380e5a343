import { CountersignError } from '../../core/errors.ts';
import type { NewId } from '../../core/ids.ts';
import { pushCounts } from '../push/store.ts';
import { type Channel, channelId, isCarried } from './channel.ts';
import { testMessage } from './message.ts';
import type { ChannelDeps } from './ports.ts';
import { sendMessage } from './send.ts';
import { type ChannelCounts, channelCounts } from './store.ts';

export interface ChannelStanding extends ChannelCounts {
  readonly channel: Channel;
  /** How many devices people have added, where it tells these. */
  readonly devices: number | undefined;
}

export interface ChannelTrial {
  readonly delivered: boolean;
  /** The status of the answer, where there was one. */
  readonly status: number | undefined;
  readonly error: string | undefined;
}

type LookDeps = Pick<ChannelDeps, 'database' | 'workspace' | 'post' | 'mail' | 'now' | 'origin'> & {
  readonly newId: NewId;
};

/** What people and keys may ask of the configured channels. */
export interface Channels {
  list(): Promise<ChannelStanding[]>;
  /**
   * Sends a message that tells of nothing, at once, and never again; not to people's devices, which they try themselves.
   * Throws `not_found`.
   */
  test(name: string): Promise<ChannelTrial>;
}

const TRIED_BY_THEIR_OWNERS = 'people try their own devices, under Settings on the dashboard';

export function createChannels(deps: LookDeps, channels: readonly Channel[]): Channels {
  const { database, workspace, origin } = deps;
  return {
    list: () =>
      Promise.all(
        channels.map(async (channel) => {
          if (!isCarried(channel)) return { channel, ...(await pushCounts(database, workspace)) };
          const id = channelId({ workspace, name: channel.name });
          return { channel, devices: undefined, ...(await channelCounts(database, id)) };
        }),
      ),
    async test(name) {
      const channel = channels.find((one) => one.name === name);
      if (channel === undefined) {
        const message =
          'There is no channel with this name. GET /v1/channels lists those that are configured.';
        throw new CountersignError('not_found', message);
      }
      if (!isCarried(channel)) return { delivered: false, status: undefined, error: TRIED_BY_THEIR_OWNERS };
      const title = `Test of the channel ${name}`;
      const message = testMessage({ id: deps.newId('evt'), origin, title, now: deps.now() });
      const { outcome, status, error } = await sendMessage(deps, channel, message);
      return { delivered: outcome === 'delivered', status, error };
    },
  };
}
