import { refuse, type Source } from '../downstream/source.ts';

/** Drafts that may change with any version; each is off until it is named. */
export const EXPERIMENTS = ['access-requests'] as const;

export type Experiment = (typeof EXPERIMENTS)[number];

/** The list under `experimental`. Throws `config_invalid` with file and line for a name that is not known. */
export function experimentsFrom(source: Source | undefined): readonly Experiment[] {
  const list = source?.valueAt(['experimental']) ?? [];
  if (source === undefined) return [];
  const expected = `expected a list of experiments; there is ${EXPERIMENTS.join(', ')}`;
  if (!Array.isArray(list)) return refuse(source, ['experimental'], expected);
  return list.map((name, index) => {
    const known = EXPERIMENTS.find((one) => one === name);
    return known ?? refuse(source, ['experimental', index], expected);
  });
}
