import { thawCall } from '../approvals/frozen-call.ts';
import type { JsonValue } from '../core/json.ts';
import { argumentPointers, hiddenInResult, hidingPointers } from '../policy/redact.ts';
import type { Verdict } from '../policy/verdict.ts';

/** Whether policy hides values of this frozen call. Then neither its text nor what holds an unsalted digest of it is disclosed. */
export function hidesOfCall(callText: string, { redact }: Pick<Verdict, 'redact'>): boolean {
  if (argumentPointers(redact).length === 0) return false;
  return hidingPointers(thawCall(callText).args, redact).length > 0;
}

/** Whether policy hides values of this result of a server, given as JSON. */
export function hidesOfResult(resultText: string, { redact }: Pick<Verdict, 'redact'>): boolean {
  return redact.length > 0 && hiddenInResult(JSON.parse(resultText) as JsonValue, redact).length > 0;
}
