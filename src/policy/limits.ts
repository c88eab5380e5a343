import type { PolicyInput } from './verdict.ts';

/** One event counted against a limit: `name` is the rule and its limit, `key` the session or subject. */
export interface CounterRef {
  readonly name: string;
  readonly key: string;
  readonly windowMs: number;
  readonly now: number;
}

/** Counts calls in sliding windows. Duties: `count` never records, `record` counts once, both are synchronous. */
export interface Counters {
  /** How many were recorded in (now − windowMs, now]. */
  count(ref: CounterRef): number;
  record(ref: CounterRef): void;
}

export interface Limit {
  readonly name: string;
  readonly per: 'session' | 'subject';
  readonly max: number;
  readonly windowMs: number;
  readonly window: string;
  readonly onExceed: 'hold' | 'deny';
}

/** The counter that a call touches for a rule's limit. */
export function counterRef(rule: string, limit: Limit, input: PolicyInput): CounterRef {
  const key = limit.per === 'session' ? input.session.id : input.session.subject;
  return {
    name: `${rule}/${limit.name}`,
    key: `${limit.per}:${key}`,
    windowMs: limit.windowMs,
    now: input.now,
  };
}

/** True when one more call would go over the limit. */
export function limitExceeded(
  rule: string,
  limit: Limit,
  context: { input: PolicyInput; counters: Counters },
): boolean {
  return context.counters.count(counterRef(rule, limit, context.input)) >= limit.max;
}

const SWEEP_EVERY = 1_000;
const KEPT_TIMES = 100_000;

interface Window {
  readonly times: number[];
  readonly windowMs: number;
}

/**
 * Counters in this process's memory; a restart starts them afresh. A key is forgotten once its window has passed.
 * Each keeps its latest 100,000 times, which is the largest `max` that a limit may have.
 */
export function createMemoryCounters(): Counters {
  const windows = new Map<string, Window>();
  let sinceSweep = 0;

  function drop(window: Window, now: number): void {
    const { times, windowMs } = window;
    let old = 0;
    while (old < times.length && (times[old] as number) <= now - windowMs) old++;
    if (old > 0) times.splice(0, old);
  }
  function sweep(now: number): void {
    for (const [id, window] of windows) {
      drop(window, now);
      if (window.times.length === 0) windows.delete(id);
    }
  }
  const idOf = (ref: CounterRef) => `${ref.name}\n${ref.windowMs}\n${ref.key}`;

  return {
    count(ref) {
      const window = windows.get(idOf(ref));
      if (window === undefined) return 0;
      drop(window, ref.now);
      return window.times.length;
    },
    record(ref) {
      if (++sinceSweep >= SWEEP_EVERY) {
        sinceSweep = 0;
        sweep(ref.now);
      }
      const id = idOf(ref);
      const window = windows.get(id) ?? { times: [], windowMs: ref.windowMs };
      window.times.push(ref.now);
      if (window.times.length > KEPT_TIMES) window.times.shift();
      windows.set(id, window);
    },
  };
}
