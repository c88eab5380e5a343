import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';

/** Whether a member that is there is as it should be; one that is not there is. */
type Check = (value: JsonValue) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && texts.includes(value);
const listOf =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
const objectOf =
  (members: Readonly<Record<string, Check>>, needed: readonly string[] = []): Check =>
  (value) =>
    isJsonObject(value) && wrongMember(value, members, needed) === undefined;

function wrongMember(
  value: JsonObject,
  members: Readonly<Record<string, Check>>,
  needed: readonly string[],
): string | undefined {
  return Object.keys(members).find((name) => {
    const member = value[name];
    return member === undefined ? needed.includes(name) : members[name]?.(member) === false;
  });
}

const isProperty: Check = (value) => typeof value === 'boolean' || isJsonObject(value);
const SCHEMA = {
  properties: (value: JsonValue) => isJsonObject(value) && Object.values(value).every(isProperty),
  required: listOf(isText),
};
const SHARED = {
  name: isText,
  title: isText,
  description: isText,
  icons: listOf(
    objectOf({ src: isText, mimeType: isText, sizes: listOf(isText), theme: oneOf('light', 'dark') }, [
      'src',
    ]),
  ),
  _meta: objectOf({}),
};
const TOOL = {
  ...SHARED,
  inputSchema: objectOf({ type: oneOf('object'), ...SCHEMA }, ['type']),
  outputSchema: objectOf(SCHEMA),
  annotations: objectOf({
    title: isText,
    readOnlyHint: isFlag,
    destructiveHint: isFlag,
    idempotentHint: isFlag,
    openWorldHint: isFlag,
  }),
  execution: objectOf({ taskSupport: oneOf('required', 'optional', 'forbidden') }),
};
const RESOURCE = { ...SHARED, mimeType: isText, annotations: objectOf({}) };
const PROMPT = {
  ...SHARED,
  arguments: listOf(
    objectOf({ name: isText, title: isText, description: isText, required: isFlag }, ['name']),
  ),
};

/** Whether there is one text to hash: lone surrogates and numbers beyond a double have none (RFC 8785). */
function hasCanonicalText(value: JsonValue): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(hasCanonicalText);
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && hasCanonicalText(member));
}

/**
 * The member for which clients would refuse this definition (MCP 2025-11-25 and 2026-07-28, `Tool`), or undefined. They
 * refuse the whole list for one such definition, those of other servers with it; members that MCP does not know do not
 * matter to them. What cannot be hashed, and so not pinned, is as unreadable.
 */
export function unreadableMember(definition: JsonObject): string | undefined {
  const wrong = Object.keys(definition).find((name) => !hasCanonicalText([name, definition[name] ?? null]));
  return wrong?.toWellFormed() ?? wrongMember(definition, TOOL, ['name', 'inputSchema']);
}

/** Whether clients can read this resource or resource template. */
export function isReadableResource(definition: JsonObject): boolean {
  return wrongMember(definition, RESOURCE, ['name']) === undefined;
}

/** Whether clients can read this prompt. */
export function isReadablePrompt(definition: JsonObject): boolean {
  return wrongMember(definition, PROMPT, ['name']) === undefined;
}
