import { expect, onTestFinished, test } from 'vitest';
import { commandLines, lineProblem } from '../cli/support/program.ts';
import { operationsOf } from '../sdk/support/sampled-gateway.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

async function serve(): Promise<{ gateway: TestGateway; texts: Record<'skill.md' | 'llms.txt', string> }> {
  const gateway = await startTestGateway({ oracle: false });
  onTestFinished(() => gateway.close());
  const read = async (path: string, type: string) => {
    const response = await fetch(`${gateway.app.origin}/${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    return response.text();
  };
  const [skill, llms] = [await read('skill.md', 'text/markdown'), await read('llms.txt', 'text/plain')];
  return { gateway, texts: { 'skill.md': skill, 'llms.txt': llms } };
}

test('every command, route and address that the agents’ pages name exists', async () => {
  const { gateway, texts } = await serve();
  const { origin } = gateway.app;
  const text = Object.values(texts).join('\n');

  const lines = commandLines(text);
  expect(lines.length).toBeGreaterThan(8);
  const problems = await Promise.all(lines.map(lineProblem));
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);

  const operations = operationsOf((await gateway.api('GET', '/v1/openapi.json')).body).map(
    ({ name }) => name,
  );
  const routes = [...text.matchAll(/\b(?:GET|POST|DELETE) \/[\w/{}.-]*[\w}]/g)].map(([route]) => route);
  expect(routes.length).toBeGreaterThan(4);
  expect(routes.filter((route) => !operations.includes(route))).toEqual([]);

  const addresses = [...text.matchAll(/http:\/\/localhost:\d+(?:\/[\w./-]*\w)?/g)].map(([one]) => one);
  expect(new Set(addresses).size).toBeGreaterThan(8);
  for (const address of new Set(addresses)) {
    expect(address.startsWith(origin), address).toBe(true);
    // Endpoints are no pages: they take what is posted, and ask who it is.
    const isEndpoint = ['/mcp', '/mcp/control'].includes(address.slice(origin.length));
    const { status } = await fetch(address, { method: isEndpoint ? 'POST' : 'GET' });
    if (!address.endsWith('/v1')) expect([address, status]).toEqual([address, isEndpoint ? 401 : 200]);
  }
});

test('the agents’ pages hold nothing that is secret and fit one reading', async () => {
  const { gateway, texts } = await serve();
  const secrets = [
    gateway.apiKey,
    gateway.app.session.mcp.headers.Authorization ?? '',
    gateway.app.enrolUrl ?? '',
  ];
  for (const text of Object.values(texts)) {
    expect(text.length).toBeLessThan(8_000);
    for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  }
  expect(texts['skill.md']).toMatch(/^---\nname: countersign\ndescription: .{80,1024}\n---\n/);
  expect(texts['llms.txt']).toMatch(/^# Countersign\n\n> /);
});
