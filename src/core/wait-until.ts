import type { Clock } from './clock.ts';
import { LIMITS } from './limits.ts';

/** What is waited for, and how its changes are heard of. */
export interface Waited<T> {
  readonly now: Clock;
  /** Calls `listener` on each change until the returned function is called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly read: () => Promise<T>;
  readonly isDone: (value: T) => boolean;
}

/**
 * Resolves with what `read` gives once that is done, or as it stands when `timeoutMs` has passed or `abort` fires. A poll
 * backs the wake-up signal, so that a change made elsewhere, or by time alone, is seen too. Throws what `read` throws.
 */
export async function waitUntil<T>(
  { now, subscribe, read, isDone }: Waited<T>,
  { timeoutMs, abort }: { timeoutMs: number; abort?: AbortSignal | undefined },
): Promise<T> {
  const deadline = now() + timeoutMs;
  let wake: () => void = () => undefined;
  const unsubscribe = subscribe(() => wake());
  const onAbort = (): void => wake();
  abort?.addEventListener('abort', onAbort);
  try {
    for (;;) {
      let woken = false;
      const next = new Promise<void>((resolve) => {
        wake = () => {
          woken = true;
          resolve();
        };
      });
      const value = await read();
      const left = deadline - now();
      if (isDone(value) || left <= 0 || abort?.aborted === true) return value;
      if (woken) continue;
      const timer = setTimeout(() => wake(), Math.min(left, LIMITS.waitPollMs));
      await next;
      clearTimeout(timer);
    }
  } finally {
    unsubscribe();
    abort?.removeEventListener('abort', onAbort);
  }
}
