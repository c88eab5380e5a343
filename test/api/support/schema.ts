type Json = any;

interface Check {
  readonly doc: Json;
  readonly at: string;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

function isOfType(wanted: string, value: unknown): boolean {
  return wanted === 'integer' ? Number.isInteger(value) : typeOf(value) === wanted;
}

function resolve(schema: Json, doc: Json): Json {
  const ref: string | undefined = schema.$ref;
  return ref === undefined
    ? schema
    : ref
        .slice(2)
        .split('/')
        .reduce((value, key) => value[key], doc);
}

/** The members that a schema names, those of every part of an `allOf` included; undefined where any may stand. */
function knownMembers(schema: Json, doc: Json): Set<string> | undefined {
  const found = resolve(schema, doc);
  if (found.additionalProperties !== undefined && found.additionalProperties !== false) return undefined;
  const names = new Set<string>(Object.keys(found.properties ?? {}));
  for (const part of found.allOf ?? []) {
    const inner = knownMembers(part, doc);
    if (inner === undefined) return undefined;
    for (const name of inner) names.add(name);
  }
  return names;
}

function objectProblems(schema: Json, value: Json, { doc, at }: Check): string[] {
  const missing = (schema.required ?? []).filter((name: string) => !(name in value));
  const members = Object.entries(value).flatMap(([name, member]) => {
    const own = schema.properties?.[name] ?? schema.additionalProperties;
    return typeof own === 'object' ? problems(own, member, { doc, at: `${at}.${name}` }) : [];
  });
  return [...missing.map((name: string) => `${at}: ${name} is missing`), ...members];
}

function problems(given: Json, value: Json, check: Check): string[] {
  const { doc, at } = check;
  const schema = resolve(given, doc);
  const types = [schema.type ?? []].flat();
  if (types.length > 0 && !types.some((type: string) => isOfType(type, value))) {
    return [`${at}: ${typeOf(value)} instead of ${types.join('|')}`];
  }
  const found: string[] = [];
  if (schema.enum !== undefined && !schema.enum.includes(value))
    found.push(`${at}: ${value} is not in the enum`);
  if (schema.const !== undefined && schema.const !== value) found.push(`${at}: is not ${schema.const}`);
  for (const part of schema.allOf ?? []) found.push(...problems(part, value, check));
  if (
    schema.anyOf !== undefined &&
    !schema.anyOf.some((one: Json) => problems(one, value, check).length === 0)
  )
    found.push(`${at}: fits no branch`);
  if (Array.isArray(value) && schema.items !== undefined)
    value.forEach((item, index) => {
      found.push(...problems(schema.items, item, { doc, at: `${at}[${index}]` }));
    });
  if (typeOf(value) === 'object') {
    found.push(...objectProblems(schema, value, check));
    const known =
      schema.properties === undefined && schema.allOf === undefined ? undefined : knownMembers(schema, doc);
    // The part of an `allOf` sees the members of its siblings; the whole is looked at where it stands.
    if (known !== undefined && (schema.allOf !== undefined || given.$whole === true))
      for (const name of Object.keys(value))
        if (!known.has(name)) found.push(`${at}: ${name} is not declared`);
  }
  return found;
}

/** What is wrong with a body that a document's operation answered; undeclared members of the top level included. */
export function bodyProblems(
  doc: Json,
  answer: { method: string; path: string; status: number; mediaType: string; body: unknown },
): string[] {
  const operation = Object.entries<Json>(doc.paths).find(([template]) =>
    new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`).test(answer.path),
  )?.[1]?.[answer.method.toLowerCase()];
  if (operation === undefined) {
    if (answer.status < 400) return ['not in the document'];
    return problems({ $ref: '#/components/schemas/Problem' }, answer.body, { doc, at: 'body' });
  }
  const response =
    operation.responses[answer.status] ?? (answer.status >= 400 ? operation.responses.default : undefined);
  if (response === undefined) return [`status ${answer.status} is not in the document`];
  if (response.content === undefined)
    return answer.body === undefined ? [] : ['a body is not in the document'];
  const schema = response.content[answer.mediaType]?.schema;
  if (schema === undefined) return [`${answer.mediaType} is not in the document`];
  return problems({ ...resolve(schema, doc), $whole: true }, answer.body, { doc, at: 'body' });
}
