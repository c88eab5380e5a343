import type { Approval, ApprovalDetail, CallOutcome, RevealedCall } from '../../../sdk/approval.ts';

/** What a person had revealed of the call that is open. It is kept nowhere but on this page. */
export interface Revealed {
  readonly call?: RevealedCall;
  readonly result?: CallOutcome;
}

/** The call as it is shown to somebody to whom this was revealed. */
export function withRevealed(detail: ApprovalDetail, { call, result }: Revealed): ApprovalDetail {
  const { redactedAt } = detail;
  if (redactedAt !== null) return detail;
  return {
    ...detail,
    ...(call === undefined ? {} : { call: call.text, callSalt: call.salt, callDigest: call.digest }),
    ...(result === undefined ? {} : { result, hiddenInResult: [] }),
  };
}

/** How many values of the arguments are hidden on the screen now. */
export function hiddenCount({ hidden, callSalt }: Pick<ApprovalDetail, 'hidden' | 'callSalt'>): number {
  return callSalt === null ? hidden.length : 0;
}

/** The lines of the argument tree whose values policy hides, by their paths. */
export function hiddenPaths({ hidden, kind }: Pick<Approval, 'hidden' | 'kind'>): ReadonlySet<string> {
  // An action's tree begins above its arguments.
  return new Set(hidden.map((pointer) => (kind === 'action' ? `/arguments${pointer}` : pointer)));
}

/** `1 hidden value`, `3 hidden values`. */
export function hiddenValues(count: number): string {
  return `${count} hidden ${count === 1 ? 'value' : 'values'}`;
}

/** Why nothing can be approved while values of some calls are hidden, or undefined. */
export function unrevealed(
  calls: readonly Pick<ApprovalDetail, 'hidden' | 'callSalt'>[],
): string | undefined {
  const count = calls.reduce((sum, call) => sum + hiddenCount(call), 0);
  if (count === 0) return undefined;
  return `Reveal the ${hiddenValues(count)} first: your signature would cover ${count === 1 ? 'it' : 'them'} too. Denying needs no reveal.`;
}
