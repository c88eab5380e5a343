import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Reader } from '../storage/database.ts';
import { type Approval, isSettled, stateAt } from './approval.ts';
import { approvalFromRow, selectApproval } from './store.ts';

/** Tells waiters in this process that an approval has changed. */
export interface ChangeSignal {
  changed(approvalId: string): void;
  /** Calls `listener` on each change of this approval until the returned function is called. */
  subscribe(approvalId: string, listener: () => void): () => void;
}

export function createChangeSignal(): ChangeSignal {
  const listeners = new Map<string, Set<() => void>>();
  return {
    changed(approvalId) {
      for (const listener of [...(listeners.get(approvalId) ?? [])]) listener();
    },
    subscribe(approvalId, listener) {
      const set = listeners.get(approvalId) ?? new Set();
      listeners.set(approvalId, set);
      set.add(listener);
      return () => {
        set.delete(listener);
        if (set.size === 0) listeners.delete(approvalId);
      };
    },
  };
}

export interface WaitDeps {
  readonly database: Reader;
  readonly now: Clock;
  readonly signal: ChangeSignal;
}

/** Whether there is nothing left to wait for: it is settled or, of an action, approved, so that its requester is next. */
export function isAnswered(approval: Approval, now: number): boolean {
  const state = stateAt(approval, now);
  return isSettled(state) || (approval.call.kind === 'action' && state === 'approved');
}

/**
 * Resolves with the approval once it is answered, or as it stands when `timeoutMs` has passed or `abort` fires.
 * A poll backs the wake-up signal, so that a change made elsewhere is seen too. Throws `not_found`.
 */
export async function waitForApproval(
  deps: WaitDeps,
  input: { id: string; timeoutMs: number; abort?: AbortSignal | undefined },
): Promise<Approval> {
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
      const row = (await deps.database.query(selectApproval(input.id)))[0];
      if (row === undefined) throw new CountersignError('not_found', `There is no approval ${input.id}.`);
      const approval = approvalFromRow(row);
      const left = deadline - deps.now();
      if (isAnswered(approval, deps.now()) || left <= 0 || input.abort?.aborted === true) return approval;
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
