import type { Host } from './host.ts';
import type { Json } from './json.ts';
import { statusOf } from './status.ts';

/** A call that is answered sooner than this never needed a person. */
const FIRST_MS = 1_000;
const MOST_MS = 30_000;
const TRIES = 12;

/**
 * The approval that a call under way waits for, asked for ever more rarely until it is found: a client that was told in
 * another way than by a pending result has nothing to show the card. Undefined when `signal` fires first, or when nobody
 * was asked within five minutes.
 */
export async function seekApproval(host: Host, call: Json, signal: AbortSignal): Promise<string | undefined> {
  for (let round = 0; round < TRIES; round += 1) {
    const pauseMs = Math.min(FIRST_MS * 2 ** round, MOST_MS);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (signal.aborted) return undefined;
    const params = { name: 'approval_status', arguments: call };
    const status = await host.request('tools/call', params).then(statusOf, () => undefined);
    if (signal.aborted) return undefined;
    if (status !== undefined) return status.approvalId;
  }
  return undefined;
}
