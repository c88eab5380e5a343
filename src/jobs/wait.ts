import type { ChangeSignal } from '../approvals/wait.ts';
import type { Clock } from '../core/clock.ts';
import { LIMITS } from '../core/limits.ts';
import { isEnded, type Job } from './job.ts';

/**
 * Resolves with the job once it has ended, or as it stands when `timeoutMs` has passed or `abort` fires. A poll backs the
 * wake-up signal, so that what time alone ends is seen too. Throws what `read` throws.
 */
export async function waitForJob(
  deps: { now: Clock; signal: Pick<ChangeSignal, 'subscribe'>; read: (id: string) => Promise<Job> },
  input: { id: string; timeoutMs: number; abort?: AbortSignal | undefined },
): Promise<Job> {
  const deadline = deps.now() + input.timeoutMs;
  let wake: () => void = () => undefined;
  const unsubscribe = deps.signal.subscribe(input.id, () => wake());
  const onAbort = (): void => wake();
  input.abort?.addEventListener('abort', onAbort);
  try {
    for (;;) {
      let woken = false;
      const next = new Promise<void>((resolve) => {
        wake = () => {
          woken = true;
          resolve();
        };
      });
      const job = await deps.read(input.id);
      const left = deadline - deps.now();
      if (isEnded(job.state) || left <= 0 || input.abort?.aborted === true) return job;
      if (woken) continue;
      const timer = setTimeout(() => wake(), Math.min(left, LIMITS.waitPollMs));
      await next;
      clearTimeout(timer);
    }
  } finally {
    unsubscribe();
    input.abort?.removeEventListener('abort', onAbort);
  }
}
