import { isGreater } from '../core/exact-json.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

/**
 * Turns a downstream's progress into the caller's, under the token that the caller gave; undefined when it gave none.
 * Progress that does not grow is dropped, as it must be (2025-06-18, Progress).
 */
export function progressUnder(
  progressToken: JsonValue | undefined,
  send: (params: JsonObject) => void,
): ((progress: JsonObject) => void) | undefined {
  if (typeof progressToken !== 'string' && typeof progressToken !== 'number') return undefined;
  let last: JsonValue = Number.NEGATIVE_INFINITY;
  return (params) => {
    const { progress } = params;
    if (progress === undefined || !isGreater(progress, { than: last })) return;
    last = progress;
    send({ ...params, progress, progressToken });
  };
}
