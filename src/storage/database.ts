import { CountersignError } from '../core/errors.ts';

/** What a row's column may hold, on every engine. Booleans are 0 or 1, times are epoch milliseconds, bytes are hex or base64. */
export type SqlValue = string | number | bigint | null;

/** One SQL text that every engine accepts, with `?` placeholders. */
export interface Statement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

export type Row = Record<string, SqlValue>;

/**
 * A change as data, so that no code awaits inside a transaction. `guard` is one conditional INSERT or UPDATE with
 * RETURNING: when it returns no row the whole transition is refused and leaves nothing behind. `then` runs only
 * after the guard has matched. `entries` are appended to the ledger in the same transaction, in order.
 */
export interface Transition<Entry> {
  readonly guard?: Statement;
  readonly then?: readonly Statement[];
  readonly entries: readonly Entry[];
  /** What it removes must not be left in the engine's files: not in free pages, nor in a log that has done its work. */
  readonly erases?: boolean;
}

/** The fate of one transition. `rows` is what the guard returned. A refused transition has changed nothing. */
export type Applied =
  | { readonly kind: 'applied'; readonly rows: readonly Row[] }
  | { readonly kind: 'refused' };

/** Reads what is committed; sees every change whose `apply` has resolved. */
export interface Reader {
  query(statement: Statement): Promise<Row[]>;
}

/**
 * A storage engine. `apply` runs a batch in one durable transaction: each guard in turn, then what `seal` makes of
 * the accepted transitions (the ledger rows), then COMMIT. It resolves only after the data is on disk, and rejects
 * when nothing of the batch was kept or when that cannot be known (see `isAmbiguousCommit`).
 * `seal` must be pure apart from its own in-memory draft, which the caller drops when `apply` rejects.
 */
export interface Database extends Reader {
  apply<Entry>(
    batch: readonly Transition<Entry>[],
    seal: (accepted: readonly Transition<Entry>[]) => readonly Statement[],
  ): Promise<Applied[]>;
  close(): Promise<void>;
}

/** The `cause` of a rejected `apply` whose COMMIT failed: whether the batch was kept is known only by reading it back. */
interface AmbiguousCommit {
  readonly kind: 'ambiguous_commit';
  readonly error: unknown;
}

/** What an engine throws when COMMIT itself has failed. */
export function ambiguousCommit(error: unknown): CountersignError {
  const cause: AmbiguousCommit = { kind: 'ambiguous_commit', error };
  return new CountersignError(
    'ledger_unavailable',
    'The change may or may not have been written. Read its state again before any retry.',
    { cause },
  );
}

/** True when `apply` rejected without knowing whether the batch was kept. */
export function isAmbiguousCommit(error: unknown): boolean {
  if (!(error instanceof CountersignError)) return false;
  const cause = error.cause as Partial<AmbiguousCommit> | undefined;
  return typeof cause === 'object' && cause !== null && cause.kind === 'ambiguous_commit';
}
