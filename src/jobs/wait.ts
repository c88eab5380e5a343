import type { ChangeSignal } from '../approvals/wait.ts';
import type { Clock } from '../core/clock.ts';
import { waitUntil } from '../core/wait-until.ts';
import { isEnded, type Job } from './job.ts';

/** Resolves with the job once it has ended, or as it stands when `timeoutMs` has passed or `abort` fires. Throws what `read` throws. */
export function waitForJob(
  deps: { now: Clock; signal: Pick<ChangeSignal, 'subscribe'>; read: (id: string) => Promise<Job> },
  input: { id: string; timeoutMs: number; abort?: AbortSignal | undefined },
): Promise<Job> {
  const { id } = input;
  const waited = {
    now: deps.now,
    subscribe: (listener: () => void) => deps.signal.subscribe(id, listener),
    read: () => deps.read(id),
    isDone: ({ state }: Job) => isEnded(state),
  };
  return waitUntil(waited, input);
}
