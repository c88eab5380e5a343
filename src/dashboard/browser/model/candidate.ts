import type { PolicyProblem } from '../../../sdk/policies.ts';
import type { ReplayProgress, ReplayReport } from '../../../sdk/recorded-calls.ts';
import { count } from './time.ts';

/** Texts by file name, in the order of their names. */
export type Files = ReadonlyMap<string, string>;

/** How far back the calls are judged anew. */
export const WINDOWS = { '24h': 'last 24 hours', '7d': 'last 7 days', '30d': 'last 30 days' } as const;

export type ReplayWindow = keyof typeof WINDOWS;

type Change = ReplayReport['changes'][number];

const EFFECTS = ['allow', 'hold', 'deny'] as const;

function isPolicy(name: string): boolean {
  return /\.ya?ml$/.test(name) && !/_test\.ya?ml$/.test(name);
}

/** The files with those that were chosen in their place; what is no policy file is left out, and named. */
export function takeFiles(
  files: Files,
  chosen: readonly (readonly [name: string, text: string])[],
): { readonly files: Files; readonly left: readonly string[] } {
  const taken = chosen.filter(([name]) => isPolicy(name));
  const all = [...new Map([...files, ...taken])].sort(([a], [b]) => (a < b ? -1 : 1));
  return { files: new Map(all), left: chosen.map(([name]) => name).filter((name) => !isPolicy(name)) };
}

/** The numbers beside a text, one a line. */
export function lineNumbers(text: string): string {
  return Array.from({ length: text.split('\n').length }, (_, at) => at + 1).join('\n');
}

/** Where a problem stands in the text of its file: an offset; the end of the text where it has no such line. */
export function offsetOf(text: string, { line, column }: Pick<PolicyProblem, 'line' | 'column'>): number {
  const lines = text.split('\n');
  if (line > lines.length) return text.length;
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + Math.min(column - 1, lines[line - 1]?.length ?? 0);
}

/** A part of the whole in percent, 100 where there is nothing to read. */
export function progressPercent({ read, of }: Pick<ReplayProgress, 'read' | 'of'>): number {
  return of === 0 ? 100 : Math.floor((100 * read) / of);
}

/** What the report says in one line. */
export function reportTitle({ calls, judged, changed }: ReplayReport): string {
  if (calls === 0) return 'There were no calls in this time';
  if (judged === 0) return `None of ${count(calls, 'call')} could be judged`;
  if (changed === 0) return `No difference in ${count(judged, 'call')}`;
  return `${changed} of ${count(judged, 'call')} would have been decided otherwise`;
}

/** Whether a call would pass that was stopped, or stopped less. */
export function isLoosened({ from, to }: Pick<Change, 'from' | 'to'>): boolean {
  return EFFECTS.indexOf(to) < EFFECTS.indexOf(from);
}

/** What a change is about. */
export function targetOf({ kind, server, tool }: Pick<Change, 'kind' | 'server' | 'tool'>): string {
  const name = server === '' ? tool : `${server}/${tool}`;
  return kind === 'tool' ? name : `${kind} ${name}`;
}

/** Why calls were not judged, one line for each reason that there is. */
export function unknownLines({ notJudged, leftOut }: ReplayReport): readonly string[] {
  const { erased, notKept, definitionUnknown, redacted } = notJudged;
  const reasons: readonly (readonly [calls: number, why: string])[] = [
    [redacted, 'a rule asks for values that policy hides from people'],
    [erased, 'their arguments were erased'],
    [notKept, 'their arguments were never kept, because they were denied or read a resource'],
    [definitionUnknown, 'the definition that their tool had then is no longer known'],
    [leftOut, 'they are older than the newest calls, which are all that is looked at'],
  ];
  return reasons.flatMap(([calls, why]) => (calls === 0 ? [] : [`${count(calls, 'call')}: ${why}`]));
}
