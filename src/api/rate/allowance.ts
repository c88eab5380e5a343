/** How many requests one caller may make in a window; all of them may come at once, and then no more than that on average. */
export interface Rate {
  readonly requests: number;
  readonly windowMs: number;
}

/** How much of the API one caller may use, and one address whose requests say of nobody who sends them. */
export interface ApiRates {
  readonly caller: Rate;
  readonly stranger: Rate;
}

/** What is left to a caller. */
export interface Allowance {
  readonly isAllowed: boolean;
  /** When the caller will have used nothing, epoch milliseconds: all that must be remembered. */
  readonly freeAt: number;
  /** Requests that may still be made at once. */
  readonly remaining: number;
  /** Until the whole window is free again. */
  readonly resetMs: number;
  /** Until one more request is allowed; 0 when one is. */
  readonly retryAfterMs: number;
}

/**
 * Takes one request out of a caller's allowance (the generic cell rate algorithm, ITU-T I.371). `freeAt` is what the last
 * call returned, undefined for a caller that is not known. A refused request takes nothing.
 */
export function takeRequest(
  freeAt: number | undefined,
  { rate, now }: { rate: Rate; now: number },
): Allowance {
  const { requests, windowMs } = rate;
  const share = windowMs / requests;
  const busyUntil = Math.max(freeAt ?? now, now);
  const next = busyUntil + share;
  // A share is rarely a whole millisecond; without the tolerance rounding would cost the last request of a window.
  const isAllowed = next - now <= windowMs + share / 1_000;
  const used = isAllowed ? next : busyUntil;
  const remaining = Math.max(0, Math.floor((windowMs - (used - now)) / share + 1e-3));
  return {
    isAllowed,
    freeAt: used,
    remaining,
    resetMs: used - now,
    retryAfterMs: isAllowed ? 0 : next - now - windowMs,
  };
}
