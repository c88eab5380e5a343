import type { JsonValue } from '../core/json.ts';
import { type CelValue, emptySize, type Size, toCel } from './cel-value.ts';
import type { PolicyInput } from './verdict.ts';

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
const ACTIONS = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;

/** The variables of one call, converted on first use and shared by all rules that judge it. */
export interface Facts {
  readonly context: Readonly<Record<string, unknown>>;
  /** Size of `args`, `history` and `metadata` together. */
  size(): Size;
}

/** Prepares the facts of one call; nothing is converted until a condition reads it. */
export function factsOf(input: PolicyInput): Facts {
  const size = emptySize();
  const once = (value: JsonValue) => {
    const kept: CelValue[] = [];
    return (): CelValue => {
      if (kept.length === 0) kept.push(toCel(value, size));
      return kept[0] as CelValue;
    };
  };
  const readArgs = once(input.args);
  const readHistory = once(input.history);
  const readMetadata = once(input.metadata);
  const date = new Date(input.now);
  const { session } = input;
  return {
    size() {
      readArgs();
      readHistory();
      readMetadata();
      return size;
    },
    context: {
      get args() {
        return readArgs();
      },
      get history() {
        return readHistory();
      },
      get metadata() {
        return readMetadata();
      },
      get budget() {
        return toCel({ ...input.budget }, emptySize());
      },
      get session() {
        return {
          id: session.id,
          subject: session.subject,
          labels: session.labels,
          age_seconds: BigInt(Math.floor(session.ageMs / 1_000)),
          calls: BigInt(session.calls),
        };
      },
      tool: input.tool,
      server: input.server,
      actor: input.actor,
      action: input.kind === 'action' ? input.tool : ACTIONS[input.kind],
      resource: input.resource,
      risk: input.risk,
      now: date,
      now_weekday: WEEKDAYS[date.getUTCDay()] ?? '',
    },
  };
}
