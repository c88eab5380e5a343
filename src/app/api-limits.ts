import type { ApiDeps } from '../api/context.ts';
import type { State } from './open-state.ts';

const MINUTE_MS = 60_000;

/** How much of the API each caller may use, as the configuration has it. */
export function apiLimits({ config, now }: State): ApiDeps['limits'] {
  const { caller, stranger } = config.apiPerMinute;
  return {
    rates: {
      caller: { requests: caller, windowMs: MINUTE_MS },
      stranger: { requests: stranger, windowMs: MINUTE_MS },
    },
    now,
    trustedProxy: config.trustedProxy,
  };
}
