import type { SqlValue } from '../../storage/database.ts';

/** A condition on a row of the ledger. */
export interface Condition {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Rows that an index yields in the order of the sequence: those of the ledger, or those that hold a word. */
export interface Source extends Condition {
  readonly from: 'ledger' | 'word';
}

/** One thing that is asked for: how each row is tested, and, where an index can start from it, how it is found. */
export interface Choice {
  readonly test: Condition;
  /** Their union is exactly what fulfils `test`. None when they would be too many. */
  readonly sources: readonly Source[] | undefined;
}

/** What stands for more stored values than these is tested row by row. */
export const VALUES_MAX = 64;

/** Smallest text that no text with this prefix reaches. */
export function afterPrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

/** An equality on an indexed column. */
export function equals(column: string, value: string): Choice {
  return {
    // The plus keeps the engine from another index than the one that was chosen.
    test: { sql: `+ledger.${column} = ?`, params: [value] },
    sources: [{ from: 'ledger', sql: `ledger.${column} = ?`, params: [value] }],
  };
}

/** Any of some values of an indexed column; of none, nothing. */
export function oneOf(column: string, values: readonly string[]): readonly Source[] {
  return values.map((value) => ({ from: 'ledger', sql: `ledger.${column} = ?`, params: [value] }));
}
