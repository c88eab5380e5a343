import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue, valueAt } from '../core/json.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Catalog, CatalogTool } from '../downstream/catalog.ts';
import type { Session } from '../sessions/session.ts';

/**
 * Arguments that a tool wants repeated as `Mcp-Param-*` headers (2026-07-28, Streamable HTTP, `x-mcp-header`), and the
 * comparison that a server owes them. The SDK makes it only for tools registered with its own high-level server.
 */
export interface DeclaredHeader {
  readonly path: readonly string[];
  /** Lower case, with its prefix, as Node names it. */
  readonly header: string;
  readonly isNumber: boolean;
}

const KEY = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<JsonValue | undefined> = new Set(['string', 'integer', 'boolean', 'number']);
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const SENTINEL = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_DEPTH = 64;

const NONE: readonly DeclaredHeader[] = [];
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Keywords whose schemas do not always apply, so that nothing below them can name a header. */
const CONDITIONAL = [
  ...[
    'items',
    'prefixItems',
    'contains',
    'additionalProperties',
    'unevaluatedProperties',
    'unevaluatedItems',
  ],
  ...['propertyNames', 'oneOf', 'anyOf', 'allOf', 'not', 'if', 'then', 'else'],
];
const NAMED = ['patternProperties', 'dependentSchemas', '$defs', 'definitions'];

function conditionalSchemas(schema: JsonObject): JsonValue[] {
  const single = CONDITIONAL.flatMap((keyword) => schema[keyword] ?? []);
  const named = NAMED.flatMap((keyword) => Object.values(schema[keyword] ?? {}));
  return [...single, ...named];
}

function names(schema: JsonValue, depth: number): boolean {
  if (!isJsonObject(schema) || depth > MAX_DEPTH) return false;
  if (KEY in schema) return true;
  const properties = isJsonObject(schema.properties) ? Object.values(schema.properties) : [];
  return [...properties, ...conditionalSchemas(schema)].some((one) => names(one, depth + 1));
}

/** Adds what a schema declares along `properties`; false when the definition breaks a rule of the extension. */
function collect(schema: JsonObject, path: readonly string[], found: DeclaredHeader[]): boolean {
  if (path.length > MAX_DEPTH || conditionalSchemas(schema).some((one) => names(one, path.length)))
    return false;
  const header = schema[KEY];
  if (header !== undefined) {
    const isValid = typeof header === 'string' && TOKEN.test(header) && path.length > 0;
    if (!isValid || !TYPES.has(schema.type)) return false;
    const name = `mcp-param-${header.toLowerCase()}`;
    if (found.some((one) => one.header === name)) return false;
    found.push({ path, header: name, isNumber: schema.type === 'integer' || schema.type === 'number' });
  }
  const { properties } = schema;
  if (!isJsonObject(properties)) return true;
  return Object.entries(properties).every(
    ([key, child]) => !isJsonObject(child) || collect(child, [...path, key], found),
  );
}

/** The headers that a tool's `inputSchema` declares. A definition that breaks the rules of the extension declares none. */
export function declaredHeaders(inputSchema: JsonValue | undefined): readonly DeclaredHeader[] {
  if (!isJsonObject(inputSchema)) return NONE;
  const found: DeclaredHeader[] = [];
  return collect(inputSchema, [], found) && found.length > 0 ? found : NONE;
}

/** A header's text, or undefined when it is marked as Base64 but is not canonical Base64 of UTF-8. */
function decoded(value: string): string | undefined {
  const base64 = SENTINEL.exec(value)?.[1];
  if (base64 === undefined) return value;
  if (!BASE64.test(base64)) return undefined;
  try {
    return utf8.decode(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * What is wrong with the headers of a call, or undefined. A header is owed for every declared argument that is a text,
 * a number or a boolean, and must say the same; numbers are compared as numbers. Headers that nobody declared, and those
 * of absent arguments, are ignored.
 */
export function paramHeaderProblem(
  declared: readonly DeclaredHeader[],
  args: JsonObject,
  headers: IncomingHttpHeaders,
): string | undefined {
  for (const { path, header, isNumber } of declared) {
    const value = valueAt(args, path);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    const given = headers[header];
    const where = `arguments.${path.join('.')}`;
    if (typeof given !== 'string') return `${where} is given, but its header ${header} is not. Send both.`;
    const text = decoded(given);
    if (text === undefined)
      return `the header ${header} is marked as Base64, but is not Base64 of UTF-8 text.`;
    const isEqual =
      isNumber && typeof value === 'number' && DECIMAL.test(text)
        ? Number(text) === value
        : text === String(value);
    if (!isEqual) return `the header ${header} does not say what ${where} says. Send the same value in both.`;
  }
  return undefined;
}

/**
 * The same for a whole tools/call. Tools outside the session's scope are as unknown here as anywhere, and the gate says
 * so. Each definition is read once.
 */
export function createCallHeaderCheck(): (
  catalog: Catalog,
  session: Session,
  call: { readonly params: JsonObject; readonly headers: IncomingHttpHeaders },
) => string | undefined {
  const declaredBy = new WeakMap<CatalogTool, readonly DeclaredHeader[]>();
  return (catalog, session, { params, headers }) => {
    const { name, arguments: args } = params;
    const tool = typeof name === 'string' ? catalog.byExposed.get(name) : undefined;
    if (tool === undefined || !isJsonObject(args)) return undefined;
    let declared = declaredBy.get(tool);
    if (declared === undefined) {
      declared = declaredHeaders(tool.definition.inputSchema);
      declaredBy.set(tool, declared);
    }
    if (declared.length === 0) return undefined;
    if (!scopeCovers(session.scope, { kind: 'tool', server: tool.server, name: tool.tool })) return undefined;
    return paramHeaderProblem(declared, args, headers);
  };
}
