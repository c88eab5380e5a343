import type { Baseline, Judgement, Known } from './baseline.ts';
import type { Difference } from './verdict.ts';

/** What one comparison came to. */
export interface Section {
  /** `direct`, or the name of a topology. */
  readonly name: string;
  /** How many checks were compared. */
  readonly checks: number;
  readonly scenarios: number;
  /** Differences that belong to one hop; see baseline/hop-by-hop.json. */
  readonly hops: number;
  readonly judgement: Judgement;
}

export function isClean({ judgement }: Section): boolean {
  return judgement.unknown.length === 0 && judgement.stale.length === 0;
}

function placeOf({
  suite = 'any suite',
  revision = 'any revision',
  scenario,
  check,
}: Known | Difference): string {
  return `${suite} ${revision} ${scenario}: ${check}`;
}

function changeOf({ wanted, got }: Known | Difference): string {
  return `${wanted} became ${got}`;
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
}

/** A table of all sections, then what must be looked at: differences that no baseline knows, and lines that must go. */
export function reportOf(sections: readonly Section[]): string {
  const rows = sections.map(({ name, scenarios, checks, hops, judgement: { known, unknown, stale } }) =>
    [name, scenarios, checks, hops, known.length, unknown.length, stale.length].map(String),
  );
  const head = ['compared', 'scenarios', 'checks', 'hop-by-hop', 'known', 'unknown', 'stale'];
  const lines = table([head, ...rows]);
  for (const { name, judgement } of sections) {
    for (const found of judgement.unknown) {
      lines.push('', `${name}: ${placeOf(found)}`, `  ${changeOf(found)}`);
      if (found.error !== undefined) lines.push(`  ${found.error.split('\n').join('\n  ')}`);
    }
    for (const line of judgement.stale) {
      const file = `test/conformance/baseline/${line.baseline ?? name}.json`;
      lines.push(
        '',
        `${name}: ${placeOf(line)}`,
        `  "${changeOf(line)}" is no longer so. Remove the line from ${file}.`,
      );
    }
  }
  return lines.join('\n');
}

/** The known differences by their reason, for people who want to read them. */
export function reasonsOf(name: string, { reasons, lines }: Baseline): string {
  const parts = Object.entries(reasons).map(([key, text]) => {
    const count = lines.filter(({ reason }) => reason === key).length;
    return `  ${count} line${count === 1 ? '' : 's'}: ${text}`;
  });
  return parts.length === 0 ? '' : [`${name}, known differences:`, ...parts].join('\n');
}
