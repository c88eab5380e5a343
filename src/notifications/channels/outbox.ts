import { LIMITS } from '../../core/limits.ts';
import { forgetDeliveries } from '../deliveries/store.ts';
import { createLane } from '../lane.ts';
import { type Channel, channelId } from './channel.ts';
import { followChannel } from './follow-channel.ts';
import type { ChannelDeps } from './ports.ts';
import { eraseChannel, forgetNotices, insertChannel, knownChannels } from './store.ts';

/** Tells people that something waits for them. */
export interface ChannelOutbox {
  /** Goes on where the last process ended. Nothing listens, and nothing is written, where there is no channel. */
  start(): Promise<void>;
  /** Begins nothing any more; resolves once what is under way has ended and is recorded. */
  close(): Promise<void>;
}

/**
 * The ledger is the outbox, as for webhooks: each channel has a place in it, and a lane of its own, which waits for no
 * other. What a stop or a crash interrupts goes on with the next start.
 */
export function createChannelOutbox(deps: ChannelDeps, channels: readonly Channel[]): ChannelOutbox {
  const lanes = channels.map((channel) => createLane(deps, followChannel(deps, channel)));
  let deaf: (() => void) | undefined;
  let cancelSweep: (() => void) | undefined;

  /** Forgets what is over, now and from then on in intervals. */
  function sweep(): void {
    cancelSweep = deps.schedule(sweep, LIMITS.webhookSweepIntervalMs);
    const now = deps.now();
    const before = { delivered: now - LIMITS.webhookDeliveredKeptMs, dead: now - LIMITS.webhookDeadKeptMs };
    const then = [forgetNotices(now - LIMITS.channelAgentWindowMs), forgetDeliveries(before)];
    deps.ledger.commit({ then, entries: [] }).catch(deps.report);
  }

  return {
    async start() {
      const ids = channels.map(({ name }) => channelId({ workspace: deps.workspace, name }));
      const known = await knownChannels(deps.database);
      const gone = known.filter((id) => !ids.includes(id));
      const added = ids.filter((id) => !known.includes(id));
      const { size } = deps.ledger.head();
      const then = [...gone.flatMap(eraseChannel), ...added.map((id) => insertChannel(id, size))];
      if (then.length > 0) await deps.ledger.commit({ then, entries: [] });
      if (lanes.length === 0) return;
      deaf = deps.ledger.onEntries((entries) => {
        for (const lane of lanes) lane.hear(entries);
      });
      sweep();
      for (const lane of lanes) lane.wake();
    },
    async close() {
      deaf?.();
      cancelSweep?.();
      await Promise.all(lanes.map((lane) => lane.close()));
    },
  };
}
