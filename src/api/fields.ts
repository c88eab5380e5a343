import type { FieldProblem } from '../core/errors.ts';

/** The parts of a schema's complaint that are read here. */
export interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly input?: unknown;
  readonly expected?: string;
  readonly keys?: readonly string[];
  readonly errors?: readonly (readonly Issue[])[];
}

const PREFIX = /^(?:[^:"]{1,40}: )?expected /i;

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') {
    const type = issue.expected ?? 'another type';
    const noun = type === 'int' ? 'whole number' : type === 'record' ? 'object' : type;
    const missing = issue.message.endsWith('received undefined') ? ', but it is missing' : '';
    return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}${missing}`;
  }
  return issue.message.replace(PREFIX, '').replace(/ to have /, ' of ');
}

/** `labels.team`, `tools[0]`: where in the input. */
function place(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** How far a branch of a union is from what was sent: an unknown member says that another branch was meant. */
function distance(branch: readonly Issue[]): number {
  return branch.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 10 : 1), 0);
}

/** What is wrong with an input, field by field, in words that follow "expected". Never repeats a value. */
export function fieldProblems(
  issues: readonly Issue[],
  above: readonly PropertyKey[] = [],
): readonly FieldProblem[] {
  return issues.flatMap((issue): readonly FieldProblem[] => {
    const path = [...above, ...issue.path];
    const at = place(path);
    if (issue.code === 'unrecognized_keys') {
      return (issue.keys ?? []).map((key) => ({
        field: place([...path, key]).slice(0, 200),
        expected: 'no such field; leave it out, or correct its name',
      }));
    }
    const [nearest] = [...(issue.errors ?? [])].sort((a, b) => distance(a) - distance(b));
    if (issue.code === 'invalid_union' && nearest !== undefined) return fieldProblems(nearest, path);
    return [{ field: at === '' ? 'body' : at, expected: expectation(issue) }];
  });
}

/** The same in one sentence. */
export function fieldsText(fields: readonly FieldProblem[]): string {
  return fields.map(({ field, expected }) => `${field}: expected ${expected}`).join('; ');
}
