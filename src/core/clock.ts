/** Milliseconds since the Unix epoch. Injected everywhere, so that tests own time. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Monotonic milliseconds, for durations only. */
export type Stopwatch = () => number;

export const systemStopwatch: Stopwatch = () => performance.now();

/** RFC 3339 in UTC, the form of every time outside the process. */
export function toRfc3339(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
