/** One difference between two JSON values, at an RFC 6901 pointer. */
export interface JsonChange {
  readonly at: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function escapeToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Every place where the values differ, in the order of their keys. Equal values give an empty list. */
export function diffJson(before: unknown, after: unknown, at = ''): JsonChange[] {
  if (Object.is(before, after)) return [];
  const comparable = isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after);
  if (!comparable) return [{ at, before, after }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return keys.flatMap((key): JsonChange[] => {
    const here = `${at}/${escapeToken(key)}`;
    if (!Object.hasOwn(after, key)) return [{ at: here, before: before[key] }];
    if (!Object.hasOwn(before, key)) return [{ at: here, after: after[key] }];
    return diffJson(before[key], after[key], here);
  });
}
