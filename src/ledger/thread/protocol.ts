import type { ErrorCode, FieldProblem } from '../../core/errors.ts';
import type { Applied, SqlValue } from '../../storage/database.ts';
import type { EntryDraft } from '../entry.ts';
import type { HeadFile } from '../keep-head.ts';
import type { RotatedKey, RotateInput } from '../ledger.ts';

/** What the thread is started with. It opens database and key by itself, since neither can be handed over. */
export interface ThreadData {
  readonly file: string;
  readonly keyFile: string;
  readonly keyName: string;
  readonly head: HeadFile;
  readonly workspace: string;
}

/** A statement as it travels: the number of its SQL text, which is sent once, then the parameters. */
export type PackedStatement = readonly [sql: number, ...params: SqlValue[]];

export interface PackedChange {
  readonly id: number;
  readonly guard: PackedStatement | undefined;
  readonly then: readonly PackedStatement[];
  readonly entries: readonly EntryDraft[];
  readonly erases: boolean;
}

export type ToThread =
  | { readonly kind: 'commit'; readonly sql: readonly string[]; readonly changes: readonly PackedChange[] }
  | { readonly kind: 'checkpoint'; readonly id: number }
  | { readonly kind: 'rotate'; readonly id: number; readonly input: RotateInput }
  | { readonly kind: 'close'; readonly id: number };

export interface Head {
  readonly size: number;
  readonly root: string;
}

/** An error as it travels; `cause` stays behind as text for the diagnostics log. */
export interface PackedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields: readonly FieldProblem[];
  readonly cause: string | undefined;
}

export type Settled =
  | { readonly id: number; readonly applied: Applied }
  | { readonly id: number; readonly error: PackedError };

export type FromThread =
  | { readonly kind: 'ready'; readonly name: string; readonly vkey: string; readonly head: Head }
  | { readonly kind: 'refused'; readonly error: PackedError }
  | { readonly kind: 'settled'; readonly head: Head; readonly results: readonly Settled[] }
  | { readonly kind: 'note'; readonly id: number; readonly head: Head; readonly note: string }
  /** The log key that has come into force; sent before anything that it has signed. */
  | { readonly kind: 'key'; readonly vkey: string }
  | { readonly kind: 'rotated'; readonly id: number; readonly head: Head; readonly rotated: RotatedKey }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PackedError }
  | { readonly kind: 'closed'; readonly id: number }
  | { readonly kind: 'report'; readonly text: string };
