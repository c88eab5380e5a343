import { isJsonObject, type JsonValue } from '../../../core/json.ts';
import { callRows } from './tree.ts';

/** One value that differs. `path` is a JSON Pointer (RFC 6901) into the arguments, or into an action's members. */
export interface Difference {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  /** JSON text; absent for what was added. */
  readonly before?: string;
  /** JSON text; absent for what was removed. */
  readonly after?: string;
}

/** The call or action as it is shown, and the paths of what policy hides in it. */
interface Compared {
  readonly call: string;
  readonly hidden: ReadonlySet<string>;
}

/** Values without members, by their pointer; an empty object or array is such a value too. */
function leaves(call: string, hidden: readonly string[]): ReadonlyMap<string, string> {
  const isHidden = (path: string) => hidden.some((one) => `${path}/`.startsWith(`${one}/`));
  const rows = callRows(call).filter((row) => row.children === 0 && !isHidden(row.path));
  return new Map(rows.map((row) => [row.path, JSON.stringify(row.value as JsonValue)]));
}

/**
 * What differs between the frozen texts of two calls, in the order of the newer one; what was removed stands last.
 * What is hidden in either of them is not compared. Throws when one of them is not canonical.
 */
export function diffCalls(calls: {
  readonly before: Compared;
  readonly after: Compared;
}): readonly Difference[] {
  const hidden = [...calls.before.hidden, ...calls.after.hidden];
  const before = leaves(calls.before.call, hidden);
  const after = leaves(calls.after.call, hidden);
  const found: Difference[] = [];
  for (const [path, value] of after) {
    const old = before.get(path);
    if (old === undefined) found.push({ path, kind: 'added', after: value });
    else if (old !== value) found.push({ path, kind: 'changed', before: old, after: value });
  }
  for (const [path, value] of before)
    if (!after.has(path)) found.push({ path, kind: 'removed', before: value });
  return found;
}

/** What the server says about its tool (MCP ToolAnnotations), in words; nobody has checked it. */
export function annotationWords(definition: Readonly<Record<string, unknown>> | null): readonly string[] {
  const annotations = definition?.annotations as JsonValue | undefined;
  if (!isJsonObject(annotations)) return [];
  const words: Readonly<Record<string, readonly [string, string]>> = {
    readOnlyHint: ['only reads', 'changes things'],
    destructiveHint: ['may destroy', 'destroys nothing'],
    idempotentHint: ['twice is as once', 'twice is not as once'],
    openWorldHint: ['reaches the outside world', 'stays inside'],
  };
  return Object.entries(words).flatMap(([name, [yes, no]]) => {
    const value = annotations[name];
    return typeof value === 'boolean' ? [value ? yes : no] : [];
  });
}
