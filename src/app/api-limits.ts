import { createRateLimiter, type RateLimiter } from '../api/rate/limit-rate.ts';
import type { State } from './open-state.ts';

const MINUTE_MS = 60_000;

/** Counts what each caller uses of the API, and allows as much as the configuration says. */
export function apiLimiter({ config, now }: State): RateLimiter {
  const { caller, stranger } = config.apiPerMinute;
  return createRateLimiter({
    rates: {
      caller: { requests: caller, windowMs: MINUTE_MS },
      stranger: { requests: stranger, windowMs: MINUTE_MS },
    },
    now,
    trustedProxy: config.trustedProxy,
  });
}
