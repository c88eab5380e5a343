/** One entry of a suite's checks.json. */
export interface Check {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** What became of one check. `absent`: not among the checks of that run. */
export interface Verdict {
  readonly status: string;
  readonly error: string | undefined;
}

/** By check, each under a name that is unique in its scenario. */
export type Verdicts = ReadonlyMap<string, Verdict>;

/** By scenario, of one run of one suite. */
export type Results = ReadonlyMap<string, Verdicts>;

/** Stands among the verdicts of a scenario in which nothing was judged, which is no pass. */
export const NOTHING_JUDGED = '(nothing was judged)';

const ABSENT: Verdict = { status: 'absent', error: undefined };

/**
 * The verdicts of a scenario. An INFO judges nothing and is left out: suites log what they saw by it, and say by it that
 * a check does not apply. A check that is made several times is told apart by its name, then by its turn.
 */
export function verdictsOf(checks: readonly Check[]): Verdicts {
  const judged = checks.filter(({ status }) => status !== 'INFO');
  const verdicts = new Map<string, Verdict>();
  for (const { id, name, status, errorMessage } of judged) {
    const isRepeated = judged.filter((one) => one.id === id).length > 1;
    const title = isRepeated && name !== id ? `${id} (${name})` : id;
    let key = title;
    for (let turn = 2; verdicts.has(key); turn++) key = `${title} #${turn}`;
    verdicts.set(key, { status, error: errorMessage });
  }
  if (verdicts.size === 0) verdicts.set(NOTHING_JUDGED, { status: 'EMPTY', error: undefined });
  return verdicts;
}

/** A check that came out otherwise than wanted, and where. */
export interface Difference {
  readonly suite: string;
  readonly revision: string;
  readonly scenario: string;
  readonly check: string;
  readonly wanted: string;
  readonly got: string;
  /** What the suite said of the worse of the two. */
  readonly error: string | undefined;
}

type Place = Pick<Difference, 'suite' | 'revision'>;

/** Where `got` is not what `wanted` is, check by check, with checks and scenarios that only one of them has. */
export function differencesOf(
  place: Place,
  { wanted, got }: { wanted: Results; got: Results },
): Difference[] {
  const found: Difference[] = [];
  for (const scenario of new Set([...wanted.keys(), ...got.keys()])) {
    const left: Verdicts = wanted.get(scenario) ?? new Map();
    const right: Verdicts = got.get(scenario) ?? new Map();
    for (const check of new Set([...left.keys(), ...right.keys()])) {
      const [before, after] = [left.get(check) ?? ABSENT, right.get(check) ?? ABSENT];
      if (before.status === after.status) continue;
      const error = after.error ?? before.error;
      found.push({ ...place, scenario, check, wanted: before.status, got: after.status, error });
    }
  }
  return found;
}

/** Every check that did not simply succeed. */
export function shortfallsOf(place: Place, got: Results): Difference[] {
  return [...got].flatMap(([scenario, verdicts]) =>
    [...verdicts]
      .filter(([, { status }]) => status !== 'SUCCESS')
      .map(([check, { status, error }]) => ({
        ...place,
        scenario,
        check,
        wanted: 'SUCCESS',
        got: status,
        error,
      })),
  );
}

/** How many checks were judged. */
export function countOf(results: Results): number {
  return [...results.values()].reduce((sum, verdicts) => sum + verdicts.size, 0);
}
