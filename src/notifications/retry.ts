import type { RandomBytes } from '../core/ids.ts';

const S = 1_000;
const M = 60 * S;
const H = 60 * M;

/** How long after the attempt before it each attempt is made, in milliseconds (Standard Webhooks, "Deliverability"). */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * S,
  5 * M,
  30 * M,
  2 * H,
  5 * H,
  10 * H,
  14 * H,
  20 * H,
  24 * H,
];

/** Up to a tenth is added, so that deliveries that failed together do not come back together. */
const JITTER = 0.1;

/** How long to wait after so many failed attempts; undefined when it was tried often enough. */
export function retryDelay(failed: number, random: RandomBytes): number | undefined {
  const delay = RETRY_DELAYS_MS[failed];
  if (delay === undefined) return undefined;
  const share = Buffer.from(random(4)).readUInt32BE() / 2 ** 32;
  return Math.round(delay * (1 + JITTER * share));
}
