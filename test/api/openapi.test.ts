import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

const SNAPSHOT = fileURLToPath(new URL('./openapi.json', import.meta.url));
const HOW =
  'The document differs from test/api/openapi.json. Review the difference, then: UPDATE_OPENAPI=1 npx vitest run test/api/openapi.test.ts && npx biome check --write test/api/openapi.json';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

it('describes the API as the committed document does', async () => {
  const { servers, ...rest } = office.document;
  expect(servers).toEqual([{ url: office.gateway.app.origin }]);
  const text = `${JSON.stringify({ ...rest, info: { ...rest.info, version: '0.0.0' } }, null, 2)}\n`;
  if (process.env.UPDATE_OPENAPI === '1') await writeFile(SNAPSHOT, text);
  const committed = await readFile(SNAPSHOT, 'utf8').catch(() => '{}');
  expect(JSON.parse(text), HOW).toEqual(JSON.parse(committed));
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

it('needs credentials everywhere but for signing in and for health', () => {
  const open = Object.entries<any>(office.document.paths).flatMap(([path, operations]) =>
    Object.values<any>(operations).some((operation) => operation.security?.length === 0) ? [path] : [],
  );
  expect(office.document.security).toEqual([{ apiKey: [] }, { signedIn: [] }]);
  expect(open.sort()).toEqual([
    '/healthz',
    '/readyz',
    '/v1/webauthn/enrol/options',
    '/v1/webauthn/enrol/verify',
    '/v1/webauthn/sign-in/options',
    '/v1/webauthn/sign-in/verify',
  ]);
});
