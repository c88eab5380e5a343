import { CountersignError } from '../core/errors.ts';

/** The place where a page ends in a list that is ordered by (time, id); opaque outside. */
export interface Keyset {
  readonly at: number;
  readonly id: string;
}

export function writeCursor(keyset: Keyset): string {
  return Buffer.from(JSON.stringify([keyset.at, keyset.id])).toString('base64url');
}

/** Throws `invalid_request` for anything that `writeCursor` did not make. */
export function readCursor(cursor: string): Keyset {
  try {
    const [at, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as [unknown, unknown];
    if (Number.isSafeInteger(at) && typeof id === 'string') return { at: at as number, id };
  } catch (cause) {
    throw unreadable(cause);
  }
  throw unreadable(undefined);
}

function unreadable(cause: unknown): CountersignError {
  const expected = 'the next_cursor of an earlier page, unchanged';
  return new CountersignError('invalid_request', `cursor: expected ${expected}`, {
    cause,
    fields: [{ field: 'cursor', expected }],
  });
}

/** One page out of `limit + 1` rows: what was asked for, and where the next page begins. */
export function pageBody<Row, Item>(
  rows: readonly Row[],
  input: { limit: number; item: (row: Row) => Item; keyset: (row: Row) => Keyset },
): { data: Item[]; next_cursor: string | null; has_more: boolean } {
  const shown = rows.slice(0, input.limit);
  const last = shown[shown.length - 1];
  const more = rows.length > input.limit && last !== undefined;
  return {
    data: shown.map(input.item),
    next_cursor: more ? writeCursor(input.keyset(last)) : null,
    has_more: more,
  };
}
