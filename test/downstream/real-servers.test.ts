import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defaultServers } from '../../src/config/default-servers.ts';
import { startDemoHttp } from '../../src/demo/http.ts';
import {
  callTool,
  eventually,
  startDownstreams,
  statusOf,
  temporaryFolder,
  textOf,
} from '../support/downstreams/harness.ts';
import { httpServer } from '../support/downstreams/http-fixture.ts';
import { startV1Server } from '../support/downstreams/sdk-v1-server.ts';

async function startV1(kind: 'http' | 'sse') {
  const { url, sseUrl } = await startV1Server();
  const downstreams = startDownstreams([
    httpServer({ name: 'v1', kind, url: kind === 'http' ? url : sseUrl }),
  ]);
  await downstreams.ready();
  return downstreams;
}

describe.each(['http', 'sse'] as const)('a server of the v1 SDK over %s', (kind) => {
  it('is listed with its tools, resources and prompts, and answers', async () => {
    const downstreams = await startV1(kind);
    expect(statusOf(downstreams, 'v1')).toMatchObject({
      state: 'ready',
      era: 'legacy',
      kind,
      problem: undefined,
    });
    const { tools, resources, prompts } = downstreams.catalog();
    expect(tools.map(({ tool }) => tool)).toEqual(['echo', 'grow', 'steps']);
    expect(resources).toMatchObject([
      { server: 'v1', name: 'test://motto', definition: { uri: 'test://motto' } },
    ]);
    expect(prompts).toMatchObject([{ server: 'v1', name: 'greet' }]);
    expect(textOf(await callTool(downstreams, { server: 'v1', tool: 'echo', args: { text: 'hello' } }))).toBe(
      'hello',
    );
    const read = await downstreams.request({
      server: 'v1',
      method: 'resources/read',
      paramsText: '{"uri":"test://motto"}',
    });
    expect(read).toMatchObject({ kind: 'result', raw: expect.stringContaining('slow is smooth') });
  });

  it('tells of progress, and of a tool that is new', async () => {
    const downstreams = await startV1(kind);
    const seen: unknown[] = [];
    const onProgress = (params: { progress?: unknown }) => seen.push(params.progress);
    expect(textOf(await callTool(downstreams, { server: 'v1', tool: 'steps', onProgress }))).toBe('arrived');
    expect(seen).toEqual([1, 2, 3]);
    await callTool(downstreams, { server: 'v1', tool: 'grow' });
    await eventually(() => downstreams.catalog().byExposed.has('grown'));
  });
});

describe('a server of the v2 SDK over HTTP', () => {
  it('is spoken to in 2026-07-28, many calls at once', async () => {
    const company = await startDemoHttp({ port: 0, dataDir: temporaryFolder(), stepMs: 1 });
    onTestFinished(() => company.close());
    const downstreams = startDownstreams([httpServer({ name: 'v2', url: company.url })]);
    await downstreams.ready();
    expect(statusOf(downstreams, 'v2')).toMatchObject({ state: 'ready', era: 'modern', problem: undefined });
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => callTool(downstreams, { server: 'v2', tool: 'invoices_list' })),
    );
    expect(outcomes.every((outcome) => textOf(outcome).startsWith('[Sandbox] 8 invoices'))).toBe(true);
    const seen: unknown[] = [];
    const onProgress = (params: { progress?: unknown }) => seen.push(params.progress);
    expect(textOf(await callTool(downstreams, { server: 'v2', tool: 'seo_audit', onProgress }))).toContain(
      'Wrote the audit',
    );
    expect(seen).toEqual([0, 1, 2]);
  });
});

describe('the servers behind a gateway that was given none', () => {
  it('are the sandbox company and the file server, which sees its folder only', async () => {
    const dataDir = temporaryFolder();
    const downstreams = startDownstreams(defaultServers(dataDir));
    await downstreams.ready();
    expect(downstreams.catalog().servers).toMatchObject([
      { name: 'files', state: 'ready', era: 'legacy', problem: undefined },
      { name: 'sandbox', state: 'ready', era: 'modern', problem: undefined },
    ]);
    const path = join(dataDir, 'files', 'welcome.txt');
    expect(
      textOf(await callTool(downstreams, { server: 'files', tool: 'read_text_file', args: { path } })),
    ).toBe(readFileSync(path, 'utf8'));
    const outside = await callTool(downstreams, {
      server: 'files',
      tool: 'read_text_file',
      args: { path: '/etc/passwd' },
    });
    expect(outside).toMatchObject({ kind: 'result', isError: true });
    const args = { invoice_id: 'inv_1008', amount_cents: 7_500 };
    expect(
      textOf(await callTool(downstreams, { server: 'sandbox', tool: 'payments_refund', args })),
    ).toContain('ref_0001');
  });
});
