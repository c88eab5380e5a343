import { LIMITS } from '../core/limits.ts';
import { forgetDeliveries } from './deliveries/store.ts';
import { followEndpoint } from './follow-endpoint.ts';
import { createLane, type Lane } from './lane.ts';
import type { OutboxDeps } from './ports.ts';
import { allEndpoints } from './store.ts';

/** Sends what happens to whoever wants to be told. */
export interface Outbox {
  /** Looks at the endpoints again: at the start, and after one was added, changed or removed. Never rejects. */
  refresh(): Promise<void>;
  /** Begins no delivery any more; resolves once those under way have ended and are recorded. */
  close(): Promise<void>;
}

interface OpenLane {
  readonly lane: Lane;
  /** What it was made for; a lane lives as long as its endpoint wants the same. */
  readonly events: string;
}

/**
 * The ledger is the outbox: an entry is durable with the change that it tells of, and every endpoint has a place in the
 * ledger up to which its deliveries are made. Nothing is written for an event while its call is under way, and nobody
 * listens to the ledger while no endpoint is switched on. What a stop or a crash interrupts goes on with the next start.
 */
export function createOutbox(deps: OutboxDeps): Outbox {
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

  /** Forgets old deliveries, now and from then on in intervals. */
  function sweep(): void {
    cancelSweep = deps.schedule(sweep, LIMITS.webhookSweepIntervalMs);
    const now = deps.now();
    const before = { delivered: now - LIMITS.webhookDeliveredKeptMs, dead: now - LIMITS.webhookDeadKeptMs };
    deps.ledger.commit({ then: [forgetDeliveries(before)], entries: [] }).catch(deps.report);
  }

  async function look(): Promise<void> {
    if (closed) return;
    const live = (await allEndpoints(deps.database, deps.workspace)).filter(({ enabled }) => enabled);
    for (const [id, { lane, events }] of lanes) {
      if (live.some((one) => one.id === id && JSON.stringify(one.events) === events)) continue;
      lanes.delete(id);
      const ended = lane.close().finally(() => {
        closing.delete(id);
        void refresh();
      });
      closing.set(id, ended);
    }
    for (const { id, events } of live) {
      // One endpoint never has two lanes, so that nothing of it is sent twice at a time.
      if (lanes.has(id) || closing.has(id)) continue;
      const onDisabled = (): void => void refresh();
      const lane = createLane(deps, followEndpoint(deps, { id, events, onDisabled }));
      lanes.set(id, { lane, events: JSON.stringify(events) });
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
