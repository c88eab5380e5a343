import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

const at = (name: string): string => fileURLToPath(new URL(`./vectors/${name}`, import.meta.url));
const HOW =
  'The document differs from test/api/vectors/openapi-*.json. If that is meant, write them anew and review the difference: UPDATE_OPENAPI=1 npx vitest run test/api/openapi.test.ts';

/** JSON with one line for each member down to a depth, so that a difference can be read. */
function layOut(value: unknown, depth: number): string {
  if (depth === 0 || typeof value !== 'object' || value === null || Array.isArray(value))
    return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}: ${layOut(member, depth - 1)}`,
  );
  return `{\n${members.join(',\n')}\n}`;
}

/** The document as it is committed: its operations, and all the rest. */
function snapshots({ servers: _, paths, ...rest }: any): Readonly<Record<string, string>> {
  const operations = Object.entries<object>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation]),
  );
  const info = { ...rest.info, version: '0.0.0' };
  return {
    'openapi-operations.json': `${layOut(Object.fromEntries(operations), 1)}\n`,
    'openapi-schemas.json': `${layOut({ ...rest, info }, 3)}\n`,
  };
}

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

it('describes the API as the committed document does', async () => {
  expect(office.document.servers).toEqual([{ url: office.gateway.app.origin }]);
  for (const [name, text] of Object.entries(snapshots(office.document))) {
    if (process.env.UPDATE_OPENAPI === '1') await writeFile(at(name), text);
    expect(JSON.parse(text), HOW).toEqual(JSON.parse(await readFile(at(name), 'utf8')));
  }
});

it('is OpenAPI 3.1, with a summary and a problem for every operation', () => {
  expect(office.document.openapi).toBe('3.1.0');
  for (const [path, operations] of Object.entries<any>(office.document.paths)) {
    for (const [method, operation] of Object.entries<any>(operations)) {
      expect(operation.summary, `${method} ${path}`).toMatch(/\S/);
      const problem = operation.responses.default.content['application/problem+json'];
      expect(problem.schema.$ref, `${method} ${path}`).toBe('#/components/schemas/Problem');
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
      const declared = (operation.parameters ?? []).filter((one: any) => one.in === 'path');
      expect(declared.map((one: any) => one.name).sort(), `${method} ${path}`).toEqual(named.sort());
    }
  }
});

it('needs credentials everywhere but for signing in, for health, and where OAuth or discovery asks for none', () => {
  const open = Object.entries<any>(office.document.paths).flatMap(([path, operations]) =>
    Object.values<any>(operations).some((operation) => operation.security?.length === 0) ? [path] : [],
  );
  expect(office.document.security).toEqual([{ apiKey: [] }, { signedIn: [] }]);
  const published = open.filter((path) => path.startsWith('/.well-known/') || path.startsWith('/oauth/'));
  expect(published).toEqual(
    expect.arrayContaining([
      '/oauth/token',
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
    ]),
  );
  expect(open.filter((path) => !published.includes(path)).sort()).toEqual([
    '/healthz',
    '/readyz',
    '/v1/policies/schema',
    '/v1/webauthn/enrol/options',
    '/v1/webauthn/enrol/verify',
    '/v1/webauthn/sign-in/options',
    '/v1/webauthn/sign-in/verify',
  ]);
});

it('is the API that docs/api.md tells of, route by route', async () => {
  const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const told = [...text.matchAll(/^\| `((?:GET|POST|DELETE) [^`]+)` *\|/gm)].map((match) => match[1]);
  const documented = Object.entries<object>(office.document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(told.sort()).toEqual(documented.sort());
});
