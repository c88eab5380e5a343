import type { Entry, EntryRef } from './entry.ts';

/** Which entries a reader wants; every member that is there must match. */
export interface EntryFilter {
  /** `server/tool` or an operation's name; a `*` at the end matches any rest. */
  readonly action?: string;
  /** An entry type; a `*` at the end matches any rest. */
  readonly type?: string;
  readonly subject?: string;
  readonly session?: string;
  readonly approval?: string;
  readonly principal?: string;
  readonly call?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly until?: number;
}

export const REF_FIELDS = [
  'subject',
  'session',
  'approval',
  'principal',
  'call',
] as const satisfies (keyof EntryRef)[];

/** Splits a pattern: an exact text, or everything that starts with `prefix`. */
export function readPattern(pattern: string): { readonly exact: string } | { readonly prefix: string } {
  return pattern.endsWith('*') ? { prefix: pattern.slice(0, -1) } : { exact: pattern };
}

function matchesPattern(pattern: string | undefined, text: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (text === undefined) return false;
  const parts = readPattern(pattern);
  return 'exact' in parts ? parts.exact === text : text.startsWith(parts.prefix);
}

/** True when the entry is what the filter asks for; says the same as the query over stored entries. */
export function matchesFilter(filter: EntryFilter, entry: Entry): boolean {
  if (!matchesPattern(filter.type, entry.type) || !matchesPattern(filter.action, entry.ref.action))
    return false;
  if (filter.since !== undefined && entry.ts < filter.since) return false;
  if (filter.until !== undefined && entry.ts >= filter.until) return false;
  return REF_FIELDS.every((field) => filter[field] === undefined || filter[field] === entry.ref[field]);
}
