import type { LogEntry } from '../../../sdk/log-entry.ts';

/** Entries that the list holds at most while it follows. */
export const FOLLOWED = 200;

/** A new entry on top of entries, newest first. The list stays bounded, and what is there already is not taken twice. */
export function withNewer(entries: readonly LogEntry[], entry: LogEntry): readonly LogEntry[] {
  const newest = entries[0]?.seq ?? -1;
  return entry.seq <= newest ? entries : [entry, ...entries].slice(0, FOLLOWED);
}

/** What an entry says beside its type, each at its place: the state, the rule, a reason. */
export function entryNotes({ body }: Pick<LogEntry, 'body'>): readonly string[] {
  const told = [body.state, body.decision, body.rule, body.reason, body.name];
  return told.filter((value): value is string => typeof value === 'string' && value !== '').slice(0, 3);
}

/** What policy found in an entry; undefined where the entry is about something else. */
export function verdictIn({
  type,
  body,
}: Pick<LogEntry, 'type' | 'body'>): 'allow' | 'hold' | 'deny' | undefined {
  if (type === 'call.intent') return 'allow';
  if (type === 'call.denied') return 'deny';
  if (type !== 'approval.requested' && type !== 'access.evaluated') return undefined;
  return (['allow', 'hold', 'deny'] as const).find((verdict) => verdict === body.effect);
}

/** The approval or call that an entry belongs to, whose whole story can be told. */
export function storyOf({ ref }: Pick<LogEntry, 'ref'>): string | undefined {
  return ref.approval ?? ref.call;
}
