import { canonicalize } from '../../../core/canonical.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseStrict } from '../../../core/json.ts';
import { LIMITS } from '../../../core/limits.ts';

const LONG_STRING_CHARACTERS = 400;
const MANY_CHILDREN = 60;

/** One line of the argument tree. `path` is a JSON Pointer (RFC 6901). */
export interface TreeRow {
  readonly path: string;
  readonly depth: number;
  readonly key: string;
  readonly type: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';
  readonly value: JsonValue;
  /** Members or items of an object or array. */
  readonly children: number;
  /** Long enough to start out folded; it must be unfolded before anything can be approved. */
  readonly foldable: boolean;
}

export interface FrozenCall {
  /** What an approval of it is good for: the server of a tool call, the resource of an action. */
  readonly aud: string;
  /** The name of the tool or action. */
  readonly tool: string;
  readonly args: JsonValue;
  /** What an action says beside that; absent for a tool call. */
  readonly action?: { readonly actor: string; readonly risk: string; readonly metadata: JsonObject };
}

function readTool({ server, tool, arguments: args }: JsonObject): FrozenCall | undefined {
  if (typeof server !== 'string' || typeof tool !== 'string' || args === undefined) return undefined;
  return { aud: server, tool, args };
}

function readAction(call: JsonObject): FrozenCall | undefined {
  const { action: tool, resource: aud, actor, risk, metadata, arguments: args } = call;
  if (typeof tool !== 'string' || typeof aud !== 'string' || args === undefined) return undefined;
  if (typeof actor !== 'string' || typeof risk !== 'string' || !isJsonObject(metadata)) return undefined;
  return { aud, tool, args, action: { actor, risk, metadata } };
}

/**
 * Reads the frozen call from the bytes that are signed for. Throws when they are not canonical (RFC 8785), because
 * then what is shown would not be the only reading of them.
 */
export function readCall(text: string): FrozenCall {
  const call = parseStrict(text, LIMITS.jsonDepth + 1);
  if (!isJsonObject(call) || canonicalize(call) !== text)
    throw new Error('The frozen call is not canonical JSON.');
  const members = Object.keys(call).length;
  const read = members === 3 ? readTool(call) : members === 6 ? readAction(call) : undefined;
  if (read === undefined)
    throw new Error('The frozen call does not have exactly the members of a tool call or of an action.');
  return read;
}

/** Every line of what is frozen: the arguments, and before them the metadata of an action. */
export function callRows(text: string): TreeRow[] {
  const { args, action } = readCall(text);
  return action === undefined
    ? treeRows(args)
    : treeRows({ metadata: action.metadata, arguments: args }, 'action');
}

function typeOf(value: JsonValue): TreeRow['type'] {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value as TreeRow['type'];
}

function childrenOf(value: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return isJsonObject(value) ? Object.entries(value as JsonObject) : [];
}

const step = (key: string): string => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Every line of the tree in reading order; nothing is left out. */
export function treeRows(args: JsonValue, root = 'arguments'): TreeRow[] {
  const rows: TreeRow[] = [];
  function visit(at: { key: string; value: JsonValue; path: string; depth: number }): void {
    const { key, value, path, depth } = at;
    const children = childrenOf(value);
    const long = typeof value === 'string' && value.length > LONG_STRING_CHARACTERS;
    const foldable = long || children.length > MANY_CHILDREN;
    rows.push({ path, depth, key, type: typeOf(value), value, children: children.length, foldable });
    const inArray = Array.isArray(value);
    for (const [name, child] of children) {
      visit({ key: inArray ? `[${name}]` : name, value: child, path: path + step(name), depth: depth + 1 });
    }
  }
  visit({ key: root, value: args, path: '', depth: 0 });
  return rows;
}

/** The lines to show while the foldable ones outside `unfolded` are folded. */
export function visibleRows(rows: readonly TreeRow[], unfolded: ReadonlySet<string>): TreeRow[] {
  const folded = rows.filter((row) => row.foldable && row.children > 0 && !unfolded.has(row.path));
  return rows.filter((row) => !folded.some((above) => row.path.startsWith(`${above.path}/`)));
}

/** How many lines are still folded. Zero means that everything is on the page. */
export function foldedCount(rows: readonly TreeRow[], unfolded: ReadonlySet<string>): number {
  return rows.filter((row) => row.foldable && !unfolded.has(row.path)).length;
}
