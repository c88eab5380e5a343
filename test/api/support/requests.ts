import fc from 'fast-check';

type Json = any;

/** One operation of the OpenAPI document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly spec: Json;
}

/** A request that the document may or may not allow. */
export interface GeneratedRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string | undefined;
  readonly contentType: string;
}

const ODD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '../..',
  '%00',
  '\u202e',
  '💥',
  "'; DROP TABLE session; --",
  'x'.repeat(600),
];
const ODD_VALUES = [null, true, -1, 0, 1e308, 2 ** 53, [], {}, [[]], ...ODD_TEXTS];

function resolve(schema: Json, document: Json): Json {
  const ref: string | undefined = schema?.$ref;
  if (ref === undefined) return schema ?? {};
  return ref
    .slice(2)
    .split('/')
    .reduce((value, key) => value[key], document);
}

/** Values of a schema, mostly; one in six is something else. `known` are ids that exist. */
export function fitting(
  given: Json,
  document: Json,
  known: readonly string[],
  depth = 0,
): fc.Arbitrary<unknown> {
  const schema = resolve(given, document);
  const odd = fc.constantFrom<unknown>(...ODD_VALUES);
  const inner = (one: Json) => fitting(one, document, known, depth + 1);
  const good = ((): fc.Arbitrary<unknown> => {
    if (depth > 4) return fc.constant(null);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom<unknown>(...schema.enum);
    const parts: Json[] | undefined = schema.anyOf ?? schema.oneOf;
    if (parts !== undefined) return fc.oneof(...parts.map(inner));
    switch ([schema.type].flat()[0]) {
      case 'string':
        return fc.oneof(
          fc.constantFrom(...known),
          fc.string({ maxLength: 40 }),
          fc.constantFrom(...ODD_TEXTS),
        );
      case 'integer':
      case 'number':
        return fc.oneof(fc.integer({ min: -2, max: 500 }), fc.constantFrom(0.5, 1e12));
      case 'boolean':
        return fc.boolean();
      case 'array':
        return fc.array(inner(schema.items), { maxLength: 3 });
      default:
        return fc.oneof(
          objectOf(schema, inner),
          fc.dictionary(fc.string({ maxLength: 8 }), odd, { maxKeys: 3 }),
        );
    }
  })();
  return fc.oneof({ arbitrary: good, weight: 5 }, { arbitrary: odd, weight: 1 });
}

function objectOf(schema: Json, inner: (schema: Json) => fc.Arbitrary<unknown>): fc.Arbitrary<object> {
  const members = Object.entries<Json>(schema.properties ?? {}).map(
    ([name, one]) => [name, inner(one)] as const,
  );
  const requiredKeys = (schema.required ?? []) as string[];
  return fc.record(Object.fromEntries(members), {
    requiredKeys: requiredKeys.filter((name) => name in (schema.properties ?? {})),
  });
}

/** No test waits for anybody: a wait that would take long is asked for with nonsense or with no time. */
function parameterOf(one: Json, document: Json, known: readonly string[]): fc.Arbitrary<string | undefined> {
  if (one.name === 'timeout_ms') return fc.constantFrom('0', '1', '-1', 'x', '1e9');
  const value = fitting(one.schema, document, known).map((given) =>
    typeof given === 'string' ? given : JSON.stringify(given),
  );
  return one.required ? value : fc.option(value, { nil: undefined });
}

const segment = (text: string): string =>
  encodeURIComponent(text === '' || text === '.' || text === '..' ? 'x' : text);

/** Requests to one operation. */
export function requestOf(
  operation: Operation,
  document: Json,
  known: readonly string[],
): fc.Arbitrary<GeneratedRequest> {
  const { method, path, spec } = operation;
  const parameters: Json[] = (spec.parameters ?? []).filter((one: Json) => one.in !== 'header');
  const values = fc.record(
    Object.fromEntries(parameters.map((one) => [one.name, parameterOf(one, document, known)])),
  );
  const content = Object.entries<Json>(spec.requestBody?.content ?? {})[0];
  const json =
    content === undefined
      ? fc.constant(undefined)
      : fitting(content[1].schema, document, known).map((one) => JSON.stringify(one));
  const text = fc.oneof(
    { arbitrary: json, weight: 9 },
    { arbitrary: fc.constantFrom('', '{', '{"a":1,"a":2}', '[]', 'nonsense', '"\\ud800"'), weight: 1 },
  );
  return fc.tuple(values, text).map(([chosen, body]) => {
    const query = new URLSearchParams();
    let target = path;
    for (const one of parameters) {
      const value = (chosen as Record<string, string | undefined>)[one.name];
      if (one.in === 'path') target = target.replace(`{${one.name}}`, segment(value ?? 'x'));
      else if (value !== undefined) query.set(one.name, value);
    }
    const text = query.size === 0 ? target : `${target}?${query}`;
    const isSent = method !== 'GET' && content !== undefined;
    return {
      method,
      target: text,
      body: isSent ? body : undefined,
      contentType: content?.[0] ?? 'application/json',
    };
  });
}
