import { LIMITS } from '../core/limits.ts';
import { readDuration, type Settings } from './settings.ts';

/** How long a call may last before its client, if it takes tasks, is given one; in milliseconds, 0 for at once. */
export function detachAfterFrom({ at, fail }: Settings): number {
  const ms = readDuration(at('jobs.detach_after') ?? `${LIMITS.detachAfterDefaultMs}ms`);
  if (ms >= 0 && ms <= LIMITS.detachAfterMaxMs) return ms;
  return fail('jobs.detach_after', 'expected a time such as "15s", of at most 5 minutes');
}
