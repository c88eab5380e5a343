import { LIMITS } from '../core/limits.ts';
import type { Statement } from '../storage/database.ts';
import { forgetDeliveries } from './deliveries/store.ts';
import { createLane, type Lane, type LaneWork } from './lane.ts';
import type { OutboxDeps } from './ports.ts';

/** Somebody who is to be told of what the ledger gains. */
export interface Receiver {
  readonly id: string;
  /** A lane lives as long as its receiver's version stays what it was. */
  readonly version: string;
  readonly follow: () => LaneWork;
}

/** The lanes of all receivers of one kind. */
export interface Lanes {
  /** Looks at who is to be told again: at the start, and after one was added, changed or removed. Never rejects. */
  refresh(): Promise<void>;
  /** Begins nothing any more; resolves once what is under way has ended and is recorded. */
  close(): Promise<void>;
}

interface OpenLane {
  readonly lane: Lane;
  readonly version: string;
}

/**
 * Gives each receiver a lane of its own, which waits for no other. Nobody listens to the ledger, and nothing is written,
 * while there is no receiver. `forget` is what else of the past is forgotten with old deliveries, now and in intervals.
 */
export function createLanes(
  deps: Pick<OutboxDeps, 'database' | 'now' | 'schedule' | 'report'> & {
    readonly ledger: Pick<OutboxDeps['ledger'], 'commit' | 'onEntries'>;
  },
  about: { receivers: () => Promise<readonly Receiver[]>; forget: (now: number) => readonly Statement[] },
): Lanes {
  const lanes = new Map<string, OpenLane>();
  const closing = new Map<string, Promise<void>>();
  let deaf: (() => void) | undefined;
  let cancelSweep: (() => void) | undefined;
  let closed = false;
  let refreshing: Promise<void> = Promise.resolve();

  function listen(): void {
    if (lanes.size === 0) {
      deaf?.();
      cancelSweep?.();
      deaf = undefined;
      cancelSweep = undefined;
      return;
    }
    deaf ??= deps.ledger.onEntries((entries) => {
      for (const { lane } of lanes.values()) lane.hear(entries);
    });
    if (cancelSweep === undefined) sweep();
  }

  function sweep(): void {
    cancelSweep = deps.schedule(sweep, LIMITS.webhookSweepIntervalMs);
    const now = deps.now();
    const before = { delivered: now - LIMITS.webhookDeliveredKeptMs, dead: now - LIMITS.webhookDeadKeptMs };
    deps.ledger
      .commit({ then: [...about.forget(now), forgetDeliveries(before)], entries: [] })
      .catch(deps.report);
  }

  async function look(): Promise<void> {
    if (closed) return;
    const wanted = await about.receivers();
    for (const [id, { lane, version }] of lanes) {
      if (wanted.some((one) => one.id === id && one.version === version)) continue;
      lanes.delete(id);
      const ended = lane.close().finally(() => {
        closing.delete(id);
        void refresh();
      });
      closing.set(id, ended);
    }
    for (const { id, version, follow } of wanted) {
      // One receiver never has two lanes, so that nothing of it is sent twice at a time.
      if (lanes.has(id) || closing.has(id)) continue;
      lanes.set(id, { lane: createLane(deps, follow()), version });
    }
    listen();
    for (const { lane } of lanes.values()) lane.wake();
  }

  function refresh(): Promise<void> {
    refreshing = refreshing.then(look).catch(deps.report);
    return refreshing;
  }

  return {
    refresh,
    async close() {
      closed = true;
      deaf?.();
      cancelSweep?.();
      await refreshing;
      await Promise.all([...closing.values(), ...[...lanes.values()].map(({ lane }) => lane.close())]);
    },
  };
}
