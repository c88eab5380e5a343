import { challengeOf, toBase64Url } from '../../../src/sdk/statement.ts';

type Json = any;

export interface Operation {
  /** `POST /v1/sessions/{id}/revoke`. */
  readonly name: string;
  readonly pattern: RegExp;
  readonly definition: Json;
}

/** Every operation that an OpenAPI document has. */
export function operationsOf(document: Json): Operation[] {
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, definition]) => ({
      name: `${method.toUpperCase()} ${path}`,
      pattern: new RegExp(`^${method.toUpperCase()} ${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
      definition,
    })),
  );
}

/** States that let whoever waits go on. */
const SETTLED = ['succeeded', 'completed', 'quarantined'];

/** A value that a schema allows, with every member that it names. */
export function sample(document: Json, schema: Json, name = ''): unknown {
  if (schema.$ref !== undefined)
    return sample(document, document.components.schemas[schema.$ref.split('/').at(-1)], name);
  if (schema.const !== undefined) return schema.const;
  if (name === 'next_cursor') return null;
  if (schema.enum !== undefined)
    return schema.enum.find((one: unknown) => SETTLED.includes(String(one))) ?? schema.enum[0];
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) {
    const told = variants.find((one: Json) => one.type !== 'null') ?? variants[0];
    return sample(document, told, name);
  }
  if (schema.allOf !== undefined)
    return Object.assign({}, ...schema.allOf.map((one: Json) => sample(document, one)));
  const type = [schema.type].flat().find((one) => one !== 'null');
  if (type === 'array') return [sample(document, schema.items)];
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'string') return 'x';
  const members = Object.entries<Json>(schema.properties ?? {});
  return Object.fromEntries(members.map(([key, member]) => [key, sample(document, member, key)]));
}

/** Beyond whatever an example has seen before. */
const NEWEST = 1_000_000;

/** What a stream sends: the members of the schema that its list has. */
function eventOf(document: Json, path: string): string {
  const { schemas } = document.components;
  const ofJobs = path.startsWith('/v1/jobs');
  const about = sample(document, ofJobs ? schemas.Job : schemas.Entry) as object;
  const data = ofJobs ? { event: 'ended', at: 'x', state: 'completed', job: about } : about;
  return `event: ${ofJobs ? 'ended' : 'entry'}\ndata: ${JSON.stringify({ ...data, seq: NEWEST })}\n\n`;
}

/** The last line of a replay; the document says of it only that it is a line. */
const REPORT = JSON.stringify({
  report: {
    policy_version: 'x',
    changes: [],
    not_judged: { erased: 0, not_kept: 0, definition_unknown: 0, redacted: 0 },
    left_out: 0,
  },
});

/** The statement that was asked for, so that whoever signs finds what they asked. */
async function statementFor(path: string, body: string): Promise<object> {
  const statement = JSON.stringify({ approval: path.split('/')[3], decision: JSON.parse(body).decision });
  return { statement, challenge: toBase64Url(await challengeOf(statement)) };
}

/** A `fetch` that answers every operation of a document with a sample of what it says, and remembers which were asked. */
export function sampledGateway(document: Json) {
  const operations = operationsOf(document);
  const asked = new Set<string>();
  return {
    asked,
    async fetch(url: string, init: RequestInit): Promise<Response> {
      const { pathname } = new URL(url);
      const operation = operations.find(({ pattern }) => pattern.test(`${init.method} ${pathname}`));
      if (operation === undefined) throw new Error(`The document has no ${init.method} ${pathname}`);
      asked.add(operation.name);
      const [status = '200', answer] =
        Object.entries<Json>(operation.definition.responses).find(([code]) => code.startsWith('2')) ?? [];
      const [[mediaType, content] = ['', undefined]] = Object.entries<Json>(answer.content ?? {});
      if (mediaType === '') return new Response(null, { status: Number(status) });
      if (mediaType === 'text/event-stream') return new Response(eventOf(document, pathname));
      if (mediaType === 'application/x-ndjson') return new Response(`${REPORT}\n`);
      if (!mediaType.endsWith('json')) return new Response('text');
      const body = sample(document, content.schema) as object;
      if (pathname.endsWith('/statement'))
        Object.assign(body, await statementFor(pathname, String(init.body)));
      return new Response(JSON.stringify(body), {
        status: Number(status),
        headers: { 'content-type': mediaType },
      });
    },
  };
}
