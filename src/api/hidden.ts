import type { Approval, StoredResult } from '../approvals/approval.ts';
import { thawCall } from '../approvals/frozen-call.ts';
import type { JsonValue } from '../core/json.ts';
import { argumentPointers, hiddenInResult, hidingPointers, redactResult } from '../policy/redact.ts';

/** The pointers to those values of the arguments that policy hides from everybody to whom they were not revealed. */
export function hiddenArgumentsOf(approval: Approval): readonly string[] {
  const { call, redactedAt, verdict } = approval;
  if (redactedAt !== undefined || argumentPointers(verdict.redact).length === 0) return [];
  return hidingPointers(thawCall(call.text).args, verdict.redact);
}

/** The same of a result; only what a server answered has values that policy can hide. */
export function hiddenOfResult(
  result: StoredResult | undefined,
  redact: readonly string[],
): readonly string[] {
  if (result?.kind !== 'result' || redact.length === 0) return [];
  return hiddenInResult(JSON.parse(result.text) as JsonValue, redact);
}

/** The text of a result without what policy hides. */
export function shownResult(result: StoredResult, redact: readonly string[]): string {
  if (result.kind !== 'result' || redact.length === 0) return result.text;
  return JSON.stringify(redactResult(JSON.parse(result.text) as JsonValue, redact));
}
