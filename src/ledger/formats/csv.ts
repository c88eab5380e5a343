import { canonicalize } from '../../core/canonical.ts';
import { toRfc3339 } from '../../core/clock.ts';
import type { Entry } from '../entry.ts';
import { factsOf } from './facts.ts';

const REFS = ['action', 'subject', 'session', 'approval', 'principal', 'call'] as const;
const HEADER = ['seq', 'time', 'type', ...REFS, 'tool', 'verdict', 'rule', 'outcome', 'reason', 'body'];

/** What a spreadsheet would take for the beginning of a formula, also in its full-width form. */
const FORMULA = /^[\s\0]*[=+\-@\t\r\n＝＋－＠]/;

/**
 * One cell (RFC 4180 §2). Text that a spreadsheet would compute is shown behind an apostrophe: entries hold what agents
 * and servers wrote.
 */
function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function line(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/** The names of the columns. */
export function csvHeader(): string {
  return line(HEADER);
}

/** The body stands whole, as JSON, in the last column. */
export function csvLine(entry: Entry): string {
  const { tool, verdict, rule, outcome, reason } = factsOf(entry);
  const refs = REFS.map((name) => entry.ref[name] ?? '');
  const body = canonicalize(entry.body);
  const first = [String(entry.seq), toRfc3339(entry.ts), entry.type];
  return line([...first, ...refs, tool, verdict, rule, outcome, reason, body]);
}
