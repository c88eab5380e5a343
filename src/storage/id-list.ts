import type { SqlValue } from './database.ts';

/** A few lengths instead of every length, so that few texts of a statement are ever prepared. */
const LENGTHS = [1, 16, 128, 512];

/**
 * `?, ?, …` for an IN list and what is bound to it: the ids, the last one repeated until a usual length is reached. No
 * ids match nothing.
 */
export function idList(ids: readonly string[]): {
  readonly marks: string;
  readonly params: readonly SqlValue[];
} {
  const length = LENGTHS.find((one) => one >= ids.length) ?? ids.length;
  const params: SqlValue[] = [...ids];
  while (params.length < length) params.push(ids[ids.length - 1] ?? null);
  return { marks: params.map(() => '?').join(', '), params };
}
