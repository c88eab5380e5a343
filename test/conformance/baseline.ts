import { readFile } from 'node:fs/promises';
import type { Difference } from './verdict.ts';

/** A difference that is known, with the reason. Left-out members stand for every suite, or every revision. */
export interface Known {
  readonly suite?: string;
  readonly revision?: string;
  readonly scenario: string;
  /** `*` stands for every check of the scenario. */
  readonly check: string;
  readonly wanted: string;
  readonly got: string;
  /** A key of the file's `reasons`. */
  readonly reason: string;
  /** Which baseline it stands in, once read. */
  readonly baseline?: string;
}

export interface Baseline {
  readonly reasons: Readonly<Record<string, string>>;
  readonly lines: readonly Known[];
}

/** The part of a run that took place: what was not run says nothing about a line of a baseline. */
export interface Ran {
  readonly suite: string;
  readonly revision: string;
  readonly scenarios: ReadonlySet<string>;
}

export interface Judgement {
  /** Differences that no line knows. */
  readonly unknown: readonly Difference[];
  /** Differences that a line knows. */
  readonly known: readonly Difference[];
  /** Lines of what is no difference any more, which must go. */
  readonly stale: readonly Known[];
}

function covers(line: Known, found: Difference): boolean {
  return (
    (line.suite ?? found.suite) === found.suite &&
    (line.revision ?? found.revision) === found.revision &&
    line.scenario === found.scenario &&
    (line.check === '*' || line.check === found.check) &&
    line.wanted === found.wanted &&
    line.got === found.got
  );
}

function wasRun(line: Known, runs: readonly Ran[]): boolean {
  return runs.some(
    ({ suite, revision, scenarios }) =>
      (line.suite ?? suite) === suite &&
      (line.revision ?? revision) === revision &&
      scenarios.has(line.scenario),
  );
}

/** Sorts what was found into what the lines know and what they do not, and finds the lines that know nothing. */
export function judge(
  differences: readonly Difference[],
  { lines, runs }: { lines: readonly Known[]; runs: readonly Ran[] },
): Judgement {
  const isKnown = (found: Difference): boolean => lines.some((line) => covers(line, found));
  return {
    unknown: differences.filter((found) => !isKnown(found)),
    known: differences.filter(isKnown),
    stale: lines.filter((line) => wasRun(line, runs) && !differences.some((found) => covers(line, found))),
  };
}

/** Reads baseline/`name`.json. Throws when a line has no reason, or a reason no line. */
export async function readBaseline(name: string): Promise<Baseline> {
  const file = new URL(`./baseline/${name}.json`, import.meta.url);
  const baseline = JSON.parse(await readFile(file, 'utf8')) as Baseline;
  const used = new Set(baseline.lines.map(({ reason }) => reason));
  for (const reason of used) {
    if (baseline.reasons[reason] === undefined)
      throw new Error(`test/conformance/baseline/${name}.json: no text for the reason "${reason}"`);
  }
  for (const reason of Object.keys(baseline.reasons)) {
    if (!used.has(reason))
      throw new Error(
        `test/conformance/baseline/${name}.json: no line has the reason "${reason}". Remove it.`,
      );
  }
  return { ...baseline, lines: baseline.lines.map((line) => ({ ...line, baseline: name })) };
}
