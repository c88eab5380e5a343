import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { json, type Reply, startFakeGateway } from './fake-gateway.ts';

async function setUp() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, client: new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', maxRetries: 0 }) };
}

const REPORT = {
  policy_version: 'sha256:new',
  since: '2026-01-01T00:00:00.000Z',
  until: '2026-01-08T00:00:00.000Z',
  calls: 3,
  left_out: 4,
  judged: 2,
  same: 1,
  changed: 1,
  not_judged: { erased: 1, not_kept: 0, definition_unknown: 0, redacted: 2 },
  transitions: [{ from: 'allow', to: 'hold', calls: 1 }],
  changes: [],
  ungrouped: 0,
};

/** Sends pieces as they are cut, then ends, or breaks off. */
function pieces(texts: readonly string[], end: (response: ServerResponse) => void): Reply {
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    for (const text of texts) await new Promise<void>((sent) => response.write(text, () => sent()));
    end(response);
  };
}

const PROGRESS = '{"progress":{"read":1,"of":4,"calls":1,"changed":0}}\n';

test('a replay tells its progress and ends with its report, however the lines are cut', async () => {
  const text = `${PROGRESS}${JSON.stringify({ report: { ...REPORT, policy_version: 'sha256:ä' } })}\n`;
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 7, bytes.length]) {
    const asked: unknown[] = [];
    const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
      bytes.slice(at * size, (at + 1) * size),
    );
    const client = new Countersign({
      baseUrl: 'http://gateway.test',
      apiKey: 'cs_k',
      fetch: async (_url: string, init: RequestInit) => {
        asked.push(JSON.parse(String(init.body)));
        return new Response(ReadableStream.from(cut));
      },
    });
    const seen: unknown[] = [];
    const input = { files: { 'a.yaml': 'version: 1\n' }, since: REPORT.since };
    const report = await client.policies.replay(input, { onProgress: (progress) => seen.push(progress) });
    expect(asked).toEqual([input]);
    expect(seen).toEqual([{ read: 1, of: 4, calls: 1, changed: 0 }]);
    const { policy_version: _version, not_judged: _reasons, left_out: leftOut, ...same } = REPORT;
    const notJudged = { erased: 1, notKept: 0, definitionUnknown: 0, redacted: 2 };
    expect(report).toEqual({ ...same, policyVersion: 'sha256:ä', leftOut, notJudged });
  }
});

test('a replay without its report was cut off, and is no replay', async () => {
  const { gateway, client } = await setUp();
  const ended = pieces([PROGRESS], (response) => response.end());
  const broken = pieces([PROGRESS], (response) => response.destroy());
  const half = pieces([PROGRESS, '{"report":{'], (response) => response.end());
  gateway.on('POST /v1/policies/replay', ended, broken, half);
  for (let round = 0; round < 3; round++)
    await expect(client.policies.replay({ files: {} })).rejects.toMatchObject({
      code: 'bad_response',
      message: expect.stringContaining('cut off before its report'),
    });
});

test('a replay that the gateway stopped fails for its reason', async () => {
  const { gateway, client } = await setUp();
  const stopped = '{"problem":{"code":"invalid_request","detail":"files: too slow."}}\n';
  gateway.on(
    'POST /v1/policies/replay',
    pieces([PROGRESS, stopped], (response) => response.end()),
  );
  await expect(client.policies.replay({ files: {} })).rejects.toMatchObject({
    name: 'CountersignApiError',
    code: 'invalid_request',
    message: 'files: too slow.',
  });
});

test('a replay ends with the reason of whoever stops it', async () => {
  const { gateway, client } = await setUp();
  gateway.on(
    'POST /v1/policies/replay',
    pieces([PROGRESS], () => undefined),
  );
  const stop = new AbortController();
  const reason = new Error('enough');
  const replayed = client.policies.replay(
    { files: {} },
    { signal: stop.signal, onProgress: () => stop.abort(reason) },
  );
  await expect(replayed).rejects.toBe(reason);
});

test('a recorded call is explained by its id, and the shadow report asked for by its time', async () => {
  const { gateway, client } = await setUp();
  const call = { id: 'apr_1', seq: 4, effect: 'hold', rule: null, policy_version: 'sha256:then' };
  const answer = { call, policy_version: 'sha256:now', verdict: { effect: 'deny' }, rules: [] };
  gateway.on('POST /v1/policies/explain-call', json(200, answer));
  const explained = await client.policies.explainCall({ call: 'apr_1', by: 'in_force' });
  expect(gateway.seen[0]?.body).toEqual({ call: 'apr_1', by: 'in_force' });
  expect(explained).toMatchObject({
    call: { id: 'apr_1', policyVersion: 'sha256:then' },
    policyVersion: 'sha256:now',
    verdict: { effect: 'deny' },
  });
  const report = { since: 'a', until: 'b', calls: 0, differing: 0, rules: [] };
  gateway.on('GET /v1/policies/shadow', json(200, report));
  expect(await client.policies.shadow({ since: '2026-01-01T00:00:00Z' })).toEqual(report);
  expect(gateway.seen[1]?.query).toEqual({ since: '2026-01-01T00:00:00Z' });
});

test('the texts of the policy in force are asked for', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/policies/files', json(200, { version: 'v', files: { 'a.yaml': 'version: 1' } }));
  expect((await client.policies.files()).files).toEqual({ 'a.yaml': 'version: 1' });
});

test('the schema of policy files is asked for without a key', async () => {
  const { gateway, client } = await setUp();
  gateway.on('GET /v1/policies/schema', json(200, { title: 'Countersign policy' }));
  expect(await client.policies.schema()).toEqual({ title: 'Countersign policy' });
  expect(gateway.seen[0]?.headers.authorization).toBeUndefined();
});
