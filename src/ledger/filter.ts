import type { Entry, EntryRef } from './entry.ts';
import { type FoundVerdict, verdictOf } from './verdict.ts';
import { entryWords, toolOf, wordsOf } from './words.ts';

/** Which entries a reader wants; every member that is there must match. */
export interface EntryFilter {
  /** `server/tool` or an operation's name; a `*` at the end matches any rest. */
  readonly action?: string;
  /** The tool of a call, on whatever server; a `*` at the end matches any rest. */
  readonly tool?: string;
  /** An entry type; a `*` at the end matches any rest. */
  readonly type?: string;
  readonly verdict?: FoundVerdict;
  /** A session's id, or a label as `name=value`: then all sessions that began with it. */
  readonly agent?: string;
  readonly subject?: string;
  readonly session?: string;
  readonly approval?: string;
  readonly principal?: string;
  readonly call?: string;
  /** Words, each of which must begin a word of the action, or of a reason, rule or name that the entry holds. */
  readonly text?: string;
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

/** Whose entries `agent` asks for. */
export function readAgent(agent: string): { readonly session: string } | { readonly label: string } {
  return agent.includes('=') ? { label: agent } : { session: agent };
}

function matchesPattern(pattern: string | undefined, text: string | undefined): boolean {
  if (pattern === undefined) return true;
  if (text === undefined) return false;
  const parts = readPattern(pattern);
  return 'exact' in parts ? parts.exact === text : text.startsWith(parts.prefix);
}

function matchesText(text: string | undefined, entry: Entry): boolean {
  if (text === undefined) return true;
  const words = [...wordsOf(entry.ref.action ?? ''), ...entryWords(entry)];
  return wordsOf(text).every((term) => words.some((word) => word.startsWith(term)));
}

function matchesSession(agent: string | undefined, entry: Entry): boolean {
  if (agent === undefined) return true;
  const wanted = readAgent(agent);
  return 'label' in wanted ? entry.ref.session !== undefined : wanted.session === entry.ref.session;
}

/**
 * True when the entry is what the filter asks for; says the same as the query over stored entries. Of a label it knows
 * only that there must be a session: which labels that one has, the store tells.
 */
export function matchesFilter(filter: EntryFilter, entry: Entry): boolean {
  const { action } = entry.ref;
  if (!matchesPattern(filter.type, entry.type) || !matchesPattern(filter.action, action)) return false;
  if (filter.tool !== undefined && !matchesPattern(filter.tool, toolOf(action ?? ''))) return false;
  if (filter.verdict !== undefined && verdictOf(entry) !== filter.verdict) return false;
  if (filter.since !== undefined && entry.ts < filter.since) return false;
  if (filter.until !== undefined && entry.ts >= filter.until) return false;
  if (!matchesSession(filter.agent, entry)) return false;
  if (!REF_FIELDS.every((field) => filter[field] === undefined || filter[field] === entry.ref[field]))
    return false;
  return matchesText(filter.text, entry);
}
