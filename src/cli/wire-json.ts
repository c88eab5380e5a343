/** Members whose own keys are data and not names of ours. */
const DATA = new Set([
  'labels',
  'metadata',
  'headers',
  'ref',
  'body',
  'definition',
  'pinnedDefinition',
  'toolDefinition',
  'before',
  'after',
]);

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The client's objects in the names of the REST API, so that `--json` and the API read alike. */
export function toWireJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toWireJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [snake(key), DATA.has(key) ? member : toWireJson(member)]),
  );
}
