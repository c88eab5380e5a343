import type { JsonObject } from '../core/json.ts';
import type { DownstreamOutcome } from './catalog.ts';
import type { Link } from './link.ts';

/** Asks a server for something that the gateway itself wants to know. Never rejects. */
export function ownRequest(
  link: Link,
  { method, params, timeoutMs }: { method: string; params: JsonObject; timeoutMs: number },
): Promise<DownstreamOutcome> {
  return link.call({
    method,
    paramsText: JSON.stringify(params),
    meta: undefined,
    onProgress: undefined,
    signal: undefined,
    timeoutMs,
  });
}

/** Why a request has no result, in words for an operator; undefined when it has one. */
export function failureOf(outcome: DownstreamOutcome): string | undefined {
  switch (outcome.kind) {
    case 'result':
      return undefined;
    case 'error':
      return String((JSON.parse(outcome.raw) as JsonObject).message);
    case 'input_required':
      return 'it asks for input first';
    case 'task':
      return 'it answered with a task';
    default:
      return outcome.reason;
  }
}
