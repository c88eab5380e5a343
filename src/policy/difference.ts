import type { RecordedCall, Rejudged, Unknown } from './recorded-call.ts';
import { effectRank } from './rule.ts';
import type { Effect } from './verdict.ts';

const EXAMPLES = 5;
/** Calls beyond so many different changes are counted without being told apart. */
const GROUPS = 1_000;

/** A call, named so that it can be looked up. */
export interface ExampleCall {
  readonly id: string | undefined;
  readonly seq: number;
  readonly at: number;
  readonly session: string;
  readonly subject: string;
}

export interface Transition {
  readonly from: Effect;
  readonly to: Effect;
  readonly calls: number;
}

/** Calls of one target on which two policies differ in the same way. */
export interface Difference extends Transition {
  readonly kind: RecordedCall['target']['kind'];
  /** Empty for actions. */
  readonly server: string;
  readonly tool: string;
  /** The rules that decided; null for a default, undefined where it was not recorded. */
  readonly rule: { readonly before: string | null | undefined; readonly after: string | null };
  /** The first of them. */
  readonly examples: readonly ExampleCall[];
}

/** What another policy would have made of recorded calls. */
export interface DifferenceReport {
  readonly calls: number;
  readonly judged: number;
  readonly same: number;
  readonly changed: number;
  readonly notJudged: Readonly<Record<Unknown, number>>;
  /** The most dangerous first: what would no longer be stopped. */
  readonly transitions: readonly Transition[];
  /** In the same order, then the most frequent first. */
  readonly changes: readonly Difference[];
  /** Changed calls that are in no group, because there are too many. */
  readonly ungrouped: number;
}

export interface DifferenceTally {
  /** Counts a call; true when the verdict differs. */
  add(call: RecordedCall, rejudged: Rejudged): boolean;
  report(): DifferenceReport;
}

interface Group extends Omit<Difference, 'calls' | 'examples'> {
  calls: number;
  readonly examples: ExampleCall[];
}

export function exampleOf({ id, seq, at, session }: RecordedCall): ExampleCall {
  return { id, seq, at, session: session.id, subject: session.subject };
}

/** Loosened before tightened, by how far. */
function byDanger(a: Transition, b: Transition): number {
  const step = ({ from, to }: Transition): number => effectRank(to) - effectRank(from);
  return step(a) - step(b) || effectRank(a.to) - effectRank(b.to) || b.calls - a.calls;
}

/** Sums up how another policy differs, in memory that does not grow with the calls. */
export function createDifferenceTally(): DifferenceTally {
  const counts = { calls: 0, judged: 0, changed: 0, ungrouped: 0 };
  const notJudged: Record<Unknown, number> = { erased: 0, not_kept: 0, definition_unknown: 0, redacted: 0 };
  const transitions = new Map<string, { from: Effect; to: Effect; calls: number }>();
  const groups = new Map<string, Group>();

  function change(call: RecordedCall, to: Effect, after: string | null): void {
    counts.changed++;
    const { effect: from, rule: before } = call.found;
    const step = transitions.get(`${from} ${to}`) ?? { from, to, calls: 0 };
    step.calls++;
    transitions.set(`${from} ${to}`, step);
    const { kind, server, tool } = call.target;
    const key = JSON.stringify([from, to, kind, server, tool, before ?? null, after]);
    const known = groups.get(key);
    if (known === undefined && groups.size >= GROUPS) {
      counts.ungrouped++;
      return;
    }
    const group = known ?? { from, to, kind, server, tool, rule: { before, after }, calls: 0, examples: [] };
    group.calls++;
    if (group.examples.length < EXAMPLES) group.examples.push(exampleOf(call));
    groups.set(key, group);
  }

  return {
    add(call, rejudged) {
      counts.calls++;
      if (rejudged.kind === 'unknown') {
        notJudged[rejudged.why]++;
        return false;
      }
      counts.judged++;
      const { effect, decidedBy } = rejudged.verdict;
      if (effect === call.found.effect) return false;
      change(call, effect, decidedBy?.rule ?? null);
      return true;
    },
    report: () => ({
      ...counts,
      same: counts.judged - counts.changed,
      notJudged: { ...notJudged },
      transitions: [...transitions.values()].sort(byDanger),
      changes: [...groups.values()].sort(byDanger),
    }),
  };
}
