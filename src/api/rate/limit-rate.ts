import type { Context } from 'hono';
import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import { type Allowance, type ApiRates, type Rate, takeRequest } from './allowance.ts';

/** Counts requests in this process's memory; a restart starts afresh. */
export interface RateLimiter {
  /** Takes one request from what the address of an unknown sender has left; the same one only once. Throws `rate_limited`. */
  takeFromStranger(c: Context): void;
  /** Takes one request from what this caller has left, and says in the headers what remains. Throws `rate_limited`. */
  takeFrom(c: Context, caller: string): void;
}

interface NodeBindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** Behind a proxy that the operator trusts, the address is the last one that this proxy wrote down (X-Forwarded-For). */
function addressOf(c: Context, trustedProxy: boolean): string {
  const forwarded = trustedProxy ? c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() : undefined;
  return forwarded ?? (c.env as NodeBindings | undefined)?.incoming?.socket?.remoteAddress ?? 'this process';
}

function refusal(c: Context, { retryAfterMs }: Allowance): CountersignError {
  const wait = Math.max(1, seconds(retryAfterMs));
  c.header('retry-after', String(wait));
  return new CountersignError('rate_limited', `Too many requests. Wait ${wait} s, then go on more slowly.`);
}

export function createRateLimiter(input: {
  rates: ApiRates;
  now: Clock;
  trustedProxy: boolean;
}): RateLimiter {
  const { rates, now, trustedProxy } = input;
  const callers = new Map<string, number>();
  const strangers = new Map<string, number>();
  const taken = new WeakSet<Request>();

  function take(known: Map<string, number>, name: string, rate: Rate): Allowance {
    const at = now();
    if (known.size >= LIMITS.rateLimitedCallers && !known.has(name)) {
      for (const [one, freeAt] of known) if (freeAt <= at) known.delete(one);
      const oldest = known.size >= LIMITS.rateLimitedCallers ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
    }
    const allowance = takeRequest(known.get(name), { rate, now: at });
    known.set(name, allowance.freeAt);
    return allowance;
  }

  return {
    takeFromStranger(c) {
      if (taken.has(c.req.raw)) return;
      taken.add(c.req.raw);
      const allowance = take(strangers, addressOf(c, trustedProxy), rates.stranger);
      if (!allowance.isAllowed) throw refusal(c, allowance);
    },

    takeFrom(c, caller) {
      const allowance = take(callers, caller, rates.caller);
      const { requests, windowMs } = rates.caller;
      // IETF draft ratelimit-headers: the quota with its window, and what remains of it for how long.
      c.header('ratelimit-policy', `"api";q=${requests};w=${seconds(windowMs)}`);
      c.header('ratelimit', `"api";r=${allowance.remaining};t=${seconds(allowance.resetMs)}`);
      if (!allowance.isAllowed) throw refusal(c, allowance);
    },
  };
}
