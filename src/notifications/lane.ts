import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import type { Delivery } from './deliveries/delivery.ts';
import { nextDeliveries } from './deliveries/store.ts';
import type { OutboxDeps } from './ports.ts';

/** The deliveries of one receiver, which wait for no other receiver. */
export interface Lane {
  /** Looks at the ledger and at what waits, now or right after the look that is under way. */
  wake(): void;
  /** Wakes if these entries may be for the receiver. */
  hear(entries: readonly Entry[]): void;
  /** Begins nothing more; resolves once what is under way has ended and is recorded. */
  close(): Promise<void>;
}

/** What a lane does for its receiver. */
export interface LaneWork {
  /** Under which its deliveries are kept. */
  readonly id: string;
  /** When to look because of new entries, in epoch milliseconds, 0 for at once; undefined when they change nothing. */
  readonly lookAt: (entries: readonly Entry[]) => number | undefined;
  /**
   * Makes deliveries of what the ledger has gained, one step at a time: `more` when there may be another at once,
   * `at` when there may be one at that time. Undefined when nothing may be sent.
   */
  readonly prepare: () => Promise<{ readonly more: boolean; readonly at: number | undefined } | undefined>;
  /** Attempts a delivery and records what became of it. */
  readonly send: (delivery: Delivery) => Promise<void>;
}

/** Follows one receiver, and sends what is due, at most `LIMITS.webhookDeliveriesAtOnce` at a time. */
export function createLane(
  deps: Pick<OutboxDeps, 'database' | 'now' | 'schedule' | 'report'>,
  { id, lookAt, prepare, send }: LaneWork,
): Lane {
  const sending = new Map<string, Promise<void>>();
  const resting = new Set<string>();
  let closed = false;
  let again = false;
  let running: Promise<void> | undefined;
  let timer: { readonly at: number; readonly cancel: () => void } | undefined;

  function wakeAt(at: number): void {
    if (closed || (timer !== undefined && timer.at <= at)) return;
    timer?.cancel();
    const cancel = deps.schedule(
      () => {
        timer = undefined;
        wake();
      },
      Math.max(0, at - deps.now()),
    );
    timer = { at, cancel };
  }

  function begin(delivery: Delivery): void {
    const sent = send(delivery)
      .catch((error: unknown) => {
        deps.report(error);
        // What became of it could not be recorded, so it waits as before, and the receiver may get it twice.
        resting.add(delivery.event);
        deps.schedule(() => {
          resting.delete(delivery.event);
          wake();
        }, LIMITS.webhookFaultPauseMs);
      })
      .finally(() => {
        sending.delete(delivery.event);
        wake();
      });
    sending.set(delivery.event, sent);
  }

  async function look(): Promise<void> {
    const prepared = await prepare();
    if (prepared === undefined) return;
    again = prepared.more || again;
    if (prepared.at !== undefined) wakeAt(prepared.at);
    const free = LIMITS.webhookDeliveriesAtOnce - sending.size;
    const busy = sending.size + resting.size;
    const waiting = await nextDeliveries(deps.database, id, LIMITS.webhookDeliveriesAtOnce + busy + 1);
    const open = waiting.filter(({ event }) => !sending.has(event) && !resting.has(event));
    const now = deps.now();
    const due = open.filter(({ nextAt }) => nextAt <= now).slice(0, Math.max(0, free));
    if (!closed) for (const delivery of due) begin(delivery);
    const later = open.find(({ nextAt }) => nextAt > now);
    if (later !== undefined) wakeAt(later.nextAt);
  }

  async function run(): Promise<void> {
    do {
      again = false;
      await look();
    } while (again && !closed);
  }

  function wake(): void {
    if (closed) return;
    again = true;
    running ??= run()
      .catch((error: unknown) => {
        again = false;
        deps.report(error);
        wakeAt(deps.now() + LIMITS.webhookFaultPauseMs);
      })
      .finally(() => {
        running = undefined;
        if (again) wake();
      });
  }

  return {
    wake,
    hear(entries) {
      const at = lookAt(entries);
      if (at === 0) wake();
      else if (at !== undefined) wakeAt(at);
    },
    async close() {
      closed = true;
      timer?.cancel();
      await running;
      await Promise.all(sending.values());
    },
  };
}
