import { isJsonObject, type JsonObject, type JsonValue, valueAt } from '../core/json.ts';

/** An argument that a tool wants repeated as a header (2026-07-28, Streamable HTTP, `x-mcp-header`). */
export interface MirroredArgument {
  readonly path: readonly string[];
  readonly header: string;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const NAMED_BY: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
};

/** The arguments of a tool that are mirrored, found only along `properties`, as the specification allows. */
export function mirroredArguments(
  inputSchema: JsonValue | undefined,
  path: readonly string[] = [],
): MirroredArgument[] {
  if (!isJsonObject(inputSchema) || path.length > 32) return [];
  const header = inputSchema['x-mcp-header'];
  const own = typeof header === 'string' && TOKEN.test(header) && path.length > 0 ? [{ path, header }] : [];
  const { properties } = inputSchema;
  if (!isJsonObject(properties)) return own;
  return own.concat(
    Object.entries(properties).flatMap(([key, child]) => mirroredArguments(child, [...path, key])),
  );
}

/** A text as an HTTP field value; what is not plain printable ASCII becomes `=?base64?…?=` (2026-07-28). */
export function encodeHeader(text: string): string {
  const isPlain =
    /^[\x20-\x7e\t]+$/.test(text) &&
    text === text.trim() &&
    !(text.startsWith('=?base64?') && text.endsWith('?='));
  return isPlain ? text : `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`;
}

/** The `Mcp-Param-*` headers of one call. Arguments that are absent, null or not primitive are left out. */
export function paramHeaders(
  mirrored: readonly MirroredArgument[],
  args: JsonObject,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { path, header } of mirrored) {
    const value = valueAt(args, path);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      headers[`mcp-param-${header.toLowerCase()}`] = encodeHeader(String(value));
    }
  }
  return headers;
}

/** The tools of a list that want arguments mirrored, with those arguments. */
export function mirroringTools(
  tools: readonly { readonly tool: string; readonly definition: JsonObject }[],
): ReadonlyMap<string, readonly MirroredArgument[]> {
  const mirroring = new Map<string, readonly MirroredArgument[]>();
  for (const { tool, definition } of tools) {
    const found = mirroredArguments(definition.inputSchema);
    if (found.length > 0) mirroring.set(tool, found);
  }
  return mirroring;
}

/** The `Mcp-Param-*` headers of a request; undefined where it is no call of a tool that wants them. */
export function mirror(
  mirroring: ReadonlyMap<string, readonly MirroredArgument[]>,
  { method, paramsText }: { method: string; paramsText: string },
): Record<string, string> | undefined {
  if (method !== 'tools/call' || mirroring.size === 0) return undefined;
  const params = JSON.parse(paramsText) as JsonObject;
  const mirrored = mirroring.get(String(params.name));
  if (mirrored === undefined) return undefined;
  return paramHeaders(mirrored, isJsonObject(params.arguments) ? params.arguments : {});
}

/** The value of `Mcp-Name` for a request, or undefined where the method has none. */
export function nameHeader(method: string, params: JsonObject): string | undefined {
  const member = Object.hasOwn(NAMED_BY, method) ? NAMED_BY[method] : undefined;
  const value = member === undefined ? undefined : params[member];
  return typeof value === 'string' ? encodeHeader(value) : undefined;
}
