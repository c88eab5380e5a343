import { CountersignError } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';

/** Keys and indices from the root of a config file. */
export type Path = readonly (string | number)[];

/** A config file that was read: its values, and where each of them stands. */
export interface Source {
  readonly file: string;
  valueAt(path: Path): JsonValue | undefined;
  /** Line (from 1) of the value at `path`, or of its nearest ancestor that exists. */
  lineOf(path: Path): number;
}

/** `mcpServers.files.args[0]`. */
export function pathText(path: Path): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/** Throws `config_invalid`: `file:line: path: problem`. */
export function refuse(source: Source, path: Path, problem: string): never {
  const where = path.length === 0 ? '' : `${pathText(path)}: `;
  throw new CountersignError('config_invalid', `${source.file}:${source.lineOf(path)}: ${where}${problem}.`, {
    fields: [{ field: pathText(path), expected: problem }],
  });
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The known word that was probably meant, if one is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const flat = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(flat(word), flat(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
}

/** Throws `config_invalid` for the first key of `entry` that is not among `known`, with what was probably meant. */
export function checkKeys(source: Source, path: Path, entry: JsonObject, known: readonly string[]): void {
  for (const key of Object.keys(entry)) {
    if (known.includes(key)) continue;
    const meant = nearest(key, known);
    const hint = meant === undefined ? `expected one of ${known.join(', ')}` : `did you mean "${meant}"?`;
    refuse(source, [...path, key], `unknown key; ${hint}`);
  }
}
