import type { Output, Style } from '../output.ts';
import { oneLine } from '../terminal-text.ts';

/** `skipped`: it could not be looked at, which says nothing about it. */
export type Status = 'ok' | 'warning' | 'problem' | 'skipped';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly status: Status;
  readonly text: string;
  /** What to do about it. */
  readonly todo?: string;
}

const STYLES: Readonly<Record<Status, Style>> = {
  ok: 'green',
  warning: 'yellow',
  problem: 'red',
  skipped: 'dim',
};
const WIDTH = 7;

export const ok = (check: string, text: string): Finding => ({ check, status: 'ok', text });
export const skipped = (check: string, text: string): Finding => ({ check, status: 'skipped', text });
export const warning = (check: string, text: string, todo: string): Finding => ({
  check,
  status: 'warning',
  text,
  todo,
});
export const problem = (check: string, text: string, todo: string): Finding => ({
  check,
  status: 'problem',
  text,
  todo,
});

/** A line for each finding, and below it what to do. */
export function findingLines(findings: readonly Finding[], out: Pick<Output, 'style'>): string[] {
  const column = Math.max(0, ...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, status, text, todo }) => [
    `${out.style(STYLES[status], status.padEnd(WIDTH))}  ${check.padEnd(column)}  ${oneLine(text)}`,
    ...(todo === undefined ? [] : [`${' '.repeat(WIDTH + column + 4)}→ ${oneLine(todo)}`]),
  ]);
}

/** How many there are of each. */
export function count(findings: readonly Finding[], status: Status): number {
  return findings.filter((finding) => finding.status === status).length;
}
