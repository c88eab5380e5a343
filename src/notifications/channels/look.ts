import { CountersignError } from '../../core/errors.ts';
import type { NewId } from '../../core/ids.ts';
import { type Channel, channelId } from './channel.ts';
import { testMessage } from './message.ts';
import type { ChannelDeps } from './ports.ts';
import { sendMessage } from './send.ts';
import { type ChannelCounts, channelCounts } from './store.ts';

export interface ChannelStanding extends ChannelCounts {
  readonly channel: Channel;
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
  /** Sends a message that tells of nothing, at once, and never again. Throws `not_found`. */
  test(name: string): Promise<ChannelTrial>;
}

export function createChannels(deps: LookDeps, channels: readonly Channel[]): Channels {
  const { database, workspace, origin } = deps;
  return {
    list: () =>
      Promise.all(
        channels.map(async (channel) => {
          const id = channelId({ workspace, name: channel.name });
          return { channel, ...(await channelCounts(database, id)) };
        }),
      ),
    async test(name) {
      const channel = channels.find((one) => one.name === name);
      if (channel === undefined) {
        const message =
          'There is no channel with this name. GET /v1/channels lists those that are configured.';
        throw new CountersignError('not_found', message);
      }
      const message = testMessage({ id: deps.newId('evt'), origin, name, now: deps.now() });
      const { outcome, status, error } = await sendMessage(deps, channel, message);
      return { delivered: outcome === 'delivered', status, error };
    },
  };
}
