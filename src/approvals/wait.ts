import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { waitUntil } from '../core/wait-until.ts';
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
 * Resolves with the approval once it is answered, or as it stands when `timeoutMs` has passed or `abort` fires. Throws
 * `not_found`.
 */
export function waitForApproval(
  { database, now, signal }: WaitDeps,
  input: { id: string; timeoutMs: number; abort?: AbortSignal | undefined },
): Promise<Approval> {
  const { id } = input;
  const waited = {
    now,
    subscribe: (listener: () => void) => signal.subscribe(id, listener),
    async read(): Promise<Approval> {
      const row = (await database.query(selectApproval(id)))[0];
      if (row === undefined) throw new CountersignError('not_found', `There is no approval ${id}.`);
      return approvalFromRow(row);
    },
    isDone: (approval: Approval) => isAnswered(approval, now()),
  };
  return waitUntil(waited, input);
}
