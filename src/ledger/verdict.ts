import type { JsonObject } from '../core/json.ts';

/** What policy found. */
export type FoundVerdict = 'allow' | 'deny' | 'hold';

export const VERDICTS = ['allow', 'deny', 'hold'] as const satisfies readonly FoundVerdict[];

/** Types that record a verdict in the member `effect` of their body. */
export const JUDGED_TYPES = ['approval.requested', 'access.evaluated'] as const;

/** Types that stand for a verdict by themselves. */
export const TYPE_OF_VERDICT: Readonly<Record<FoundVerdict, string | undefined>> = {
  allow: 'call.intent',
  deny: 'call.denied',
  hold: undefined,
};

/** The verdict that an entry records; undefined for entries about anything else. */
export function verdictOf({ type, body }: { type: string; body: JsonObject }): FoundVerdict | undefined {
  if (type === 'call.intent') return 'allow';
  if (type === 'call.denied') return 'deny';
  if (!JUDGED_TYPES.some((one) => one === type)) return undefined;
  return VERDICTS.find((verdict) => verdict === body.effect);
}
