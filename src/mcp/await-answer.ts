import { type Approval, isSettled, stateAt } from '../approvals/approval.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';

export interface AwaitDeps {
  readonly wait: (input: {
    id: string;
    timeoutMs: number;
    abort?: AbortSignal | undefined;
  }) => Promise<Approval>;
  readonly now: () => number;
  /** Aborted when the gateway stops: waits end early then, and say that the call is still pending. */
  readonly stopping: AbortSignal;
}

/**
 * The approval once it is settled, or as it stands after 25 s or when `signal` fires; progress is sent every 5 s, so that
 * no client's timeout is met. Ending the wait ends nothing else: the approval stays as it is.
 */
export async function awaitAnswer(
  deps: AwaitDeps,
  input: {
    id: string;
    onProgress?: ((progress: JsonObject) => void) | undefined;
    signal?: AbortSignal | undefined;
  },
): Promise<Approval> {
  const { id, signal } = input;
  const abort = signal === undefined ? deps.stopping : AbortSignal.any([signal, deps.stopping]);
  const deadline = deps.now() + LIMITS.approvalWaitMaxMs;
  let step = 0;
  for (;;) {
    const left = deadline - deps.now();
    const timeoutMs = Math.max(0, Math.min(left, LIMITS.approvalWaitProgressMs));
    const approval = await deps.wait({ id, timeoutMs, abort });
    const isDone = isSettled(stateAt(approval, deps.now()));
    if (isDone || left <= LIMITS.approvalWaitProgressMs || abort.aborted) return approval;
    step += 1;
    input.onProgress?.({ progress: step, message: `Still waiting for a person: ${approval.state}` });
  }
}
