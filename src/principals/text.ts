import { CountersignError } from '../core/errors.ts';

const NAME_CHARACTERS = 100;
const GROUPS = 32;

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

/** Checks a name that people will read: trimmed, 1 to 100 characters, no control or format characters. */
export function parseName(name: string, field = 'name'): string {
  const trimmed = name.trim();
  const readable = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(trimmed);
  if (!readable || trimmed.length > NAME_CHARACTERS) {
    refuse(field, `1 to ${NAME_CHARACTERS} characters without control or invisible characters`);
  }
  return trimmed;
}

/** The form in which names are compared: those that differ in case or in width alone are one (Unicode NFKC). */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** Checks group names as policy files write them; keeps each once, in order. */
export function parseGroups(groups: readonly string[], field = 'groups'): readonly string[] {
  if (groups.length > GROUPS) refuse(field, `at most ${GROUPS} groups`);
  for (const [index, group] of groups.entries()) {
    if (!/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(group)) {
      refuse(
        `${field}[${index}]`,
        'a group name of 1 to 64 characters a-z, 0-9, "_", "." or "-", such as "finance"',
      );
    }
  }
  return [...new Set(groups)];
}

/** Checks a subject as sessions carry it. */
export function parseSubject(subject: string, field = 'subject'): string {
  if (!/^[\x21-\x7e]{1,200}$/.test(subject)) {
    refuse(field, '1 to 200 printable ASCII characters without spaces, as sessions name their subject');
  }
  return subject;
}
