import { type ExampleCall, exampleOf, type Transition } from './difference.ts';
import type { RecordedCall } from './recorded-call.ts';
import type { Effect } from './verdict.ts';

const EXAMPLES = 5;
const RULES = 2_000;
const TOOLS = 20;

/** What one rule in shadow mode would have decided otherwise. */
export interface ShadowedRule {
  readonly rule: string;
  readonly calls: number;
  readonly transitions: readonly Transition[];
  /** `server/tool`, or the name of an action; the most frequent first, at most 20. */
  readonly tools: readonly { readonly tool: string; readonly calls: number }[];
  /** The latest of them. */
  readonly examples: readonly (ExampleCall & { readonly from: Effect; readonly to: Effect })[];
}

export interface ShadowReport {
  /** How many calls were judged at all. */
  readonly calls: number;
  /** On how many of them a rule in shadow mode would have changed the verdict. */
  readonly differing: number;
  /** The most frequent first. */
  readonly rules: readonly ShadowedRule[];
}

export interface ShadowTally {
  add(call: RecordedCall): void;
  report(): ShadowReport;
}

interface Seen {
  calls: number;
  readonly transitions: Map<string, { from: Effect; to: Effect; calls: number }>;
  readonly tools: Map<string, number>;
  readonly examples: (ExampleCall & { from: Effect; to: Effect })[];
}

const TOOLS_COUNTED = 10_000;

function addTo(seen: Seen, call: RecordedCall, to: Effect): void {
  const { effect: from } = call.found;
  const { server, tool } = call.target;
  seen.calls++;
  const step = seen.transitions.get(`${from} ${to}`) ?? { from, to, calls: 0 };
  step.calls++;
  seen.transitions.set(`${from} ${to}`, step);
  const name = server === '' ? tool : `${server}/${tool}`;
  const before = seen.tools.get(name);
  if (before !== undefined || seen.tools.size < TOOLS_COUNTED) seen.tools.set(name, (before ?? 0) + 1);
  if (seen.examples.length >= EXAMPLES) seen.examples.shift();
  seen.examples.push({ ...exampleOf(call), from, to });
}

/** Sums up what rules in shadow mode would have done, in memory that does not grow with the calls. */
export function createShadowTally(): ShadowTally {
  const counts = { calls: 0, differing: 0 };
  const rules = new Map<string, Seen>();
  return {
    add(call) {
      counts.calls++;
      if (call.shadow.length > 0) counts.differing++;
      for (const { rule, effect } of call.shadow) {
        const known = rules.get(rule);
        if (known === undefined && rules.size >= RULES) continue;
        const seen = known ?? { calls: 0, transitions: new Map(), tools: new Map(), examples: [] };
        rules.set(rule, seen);
        addTo(seen, call, effect);
      }
    },
    report: () => ({
      ...counts,
      rules: [...rules]
        .map(([rule, { calls, transitions, tools, examples }]) => ({
          rule,
          calls,
          transitions: [...transitions.values()].sort((a, b) => b.calls - a.calls),
          tools: [...tools]
            .map(([tool, of]) => ({ tool, calls: of }))
            .sort((a, b) => b.calls - a.calls || (a.tool < b.tool ? -1 : 1))
            .slice(0, TOOLS),
          examples: [...examples].reverse(),
        }))
        .sort((a, b) => b.calls - a.calls || (a.rule < b.rule ? -1 : 1)),
    }),
  };
}
