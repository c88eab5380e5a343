import { type ErrorCode, isCountersignError } from '../core/errors.ts';
import { isCountersignApiError } from '../sdk/api-error.ts';
import type { Approval, ApprovalState } from '../sdk/approval.ts';
import type { JobState } from '../sdk/jobs.ts';

/** What the process ends with. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  denied: 3,
  notAuthorised: 4,
  pending: 5,
  expired: 6,
  verificationFailed: 7,
  policyTestFailed: 8,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES_TEXT = `Exit codes:
  0 ok · 1 error · 2 usage · 3 denied · 4 not authorised · 5 pending or timed out
  6 expired · 7 verification failed · 8 policy test failed, or a verdict would change`;

const BY_CODE: Partial<Record<ErrorCode | 'timeout' | 'needs_person', ExitCode>> = {
  invalid_request: EXIT.usage,
  unauthenticated: EXIT.notAuthorised,
  forbidden: EXIT.notAuthorised,
  denied_by_policy: EXIT.denied,
  timeout: EXIT.pending,
  needs_person: EXIT.pending,
  expired: EXIT.expired,
};

const BY_STATE: Record<ApprovalState, ExitCode> = {
  pending: EXIT.pending,
  approved: EXIT.pending,
  executing: EXIT.pending,
  succeeded: EXIT.ok,
  denied: EXIT.denied,
  expired: EXIT.expired,
  cancelled: EXIT.error,
  void: EXIT.error,
  failed: EXIT.error,
  unknown: EXIT.error,
};

const BY_JOB_STATE: Record<JobState, ExitCode> = {
  waiting: EXIT.pending,
  working: EXIT.pending,
  input_required: EXIT.pending,
  completed: EXIT.ok,
  failed: EXIT.error,
  cancelled: EXIT.error,
  unknown: EXIT.error,
};

/** The exit code that tells a script how work stands. */
export function exitCodeOfJob(state: JobState): ExitCode {
  return BY_JOB_STATE[state];
}

/** The exit code for anything thrown. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!isCountersignApiError(error) && !isCountersignError(error)) return EXIT.error;
  return BY_CODE[error.code as ErrorCode] ?? EXIT.error;
}

/** The exit code that tells a script how an approval stands: an approved call still has to run, an approved action may. */
export function exitCodeOfState({ kind, state }: Pick<Approval, 'kind' | 'state'>): ExitCode {
  return kind === 'action' && state === 'approved' ? EXIT.ok : BY_STATE[state];
}
