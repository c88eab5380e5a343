import type { Approval } from './approval.ts';
import { thawCall } from './frozen-call.ts';
import { effectLine } from './view.ts';

/** The line that says what an approval would do (`effectLine`), without what policy redacts or was erased. */
export function effectOf({ call, verdict, redactedAt }: Approval): string {
  if (redactedAt !== undefined) return `${call.tool}, whose arguments were erased`;
  const { args } = thawCall(call.text);
  const { action, server: resource, tool } = call;
  return effectLine({
    tool,
    args,
    redact: verdict.redact,
    ...(action === undefined ? {} : { action: { resource, metadata: action.metadata } }),
  });
}
