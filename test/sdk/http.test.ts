import { describe, expect, onTestFinished, test } from 'vitest';
import { isCountersignApiError } from '../../src/sdk/api-error.ts';
import { Countersign, type CountersignOptions } from '../../src/sdk/countersign.ts';
import { json, page, problem, startFakeGateway } from './fake-gateway.ts';
import { sessionWire } from './wire-samples.ts';

async function setUp(options: CountersignOptions = {}) {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  const client = new Countersign({ baseUrl: gateway.origin, apiKey: 'cs_k', pause, ...options });
  return { gateway, client, pauses };
}

async function failure(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isCountersignApiError(error)) throw new Error(`Not an error of the client: ${String(error)}`);
  return error;
}

describe('requests', () => {
  test('carry the API key, and neither cookie nor CSRF header', async () => {
    const { gateway, client } = await setUp();
    gateway.on('POST /v1/sessions/ses_1/revoke', json(200, sessionWire));
    await client.sessions.revoke('ses_1', { reason: 'done' });
    expect(gateway.seen[0]).toMatchObject({
      body: { reason: 'done' },
      headers: { authorization: 'Bearer cs_k', 'content-type': 'application/json' },
    });
    expect(gateway.seen[0]?.headers['x-countersign-csrf']).toBeUndefined();
  });

  test('without an API key carry the CSRF header on unsafe methods only', async () => {
    const { gateway, client } = await setUp({ apiKey: undefined });
    gateway.on('POST /v1/sessions/ses_1/revoke', json(200, sessionWire));
    gateway.on('GET /v1/sessions/ses_1', json(200, sessionWire));
    await client.sessions.revoke('ses_1');
    await client.sessions.get('ses_1');
    expect(gateway.seen.map((one) => one.headers['x-countersign-csrf'])).toEqual(['1', undefined]);
    expect(gateway.seen[0]?.headers.authorization).toBeUndefined();
  });

  test('encode ids, and refuse ids that a URL would swallow', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions/a%2Fb', json(200, sessionWire));
    await client.sessions.get('a/b');
    expect(await failure(client.sessions.get('..'))).toMatchObject({ code: 'invalid_request', status: 0 });
    expect(await failure(client.sessions.get(''))).toMatchObject({ code: 'invalid_request' });
    expect(gateway.seen).toHaveLength(1);
  });

  test('refuse a base URL that is not an address', () => {
    for (const baseUrl of ['localhost:8420', '', 'http://', 'http://h/?x']) {
      expect(() => new Countersign({ baseUrl })).toThrow('baseUrl: expected an address');
    }
  });

  test('keep the path of a base URL that has one', async () => {
    const { gateway } = await setUp();
    gateway.on('GET /prefix/v1/sessions/s', json(200, sessionWire));
    const client = new Countersign({ baseUrl: `${gateway.origin}/prefix/`, apiKey: 'k' });
    await expect(client.sessions.get('s')).resolves.toMatchObject({ id: 'ses_1' });
  });
});

describe('errors', () => {
  test('carry code, status, request id and fields of the problem document', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/sessions/s',
      problem(400, 'invalid_request', { fields: [{ field: 'ttl_ms', expected: 'a number' }] }),
    );
    expect(await failure(client.sessions.get('s'))).toMatchObject({
      name: 'CountersignApiError',
      message: 'It was invalid_request.',
      code: 'invalid_request',
      status: 400,
      requestId: 'req_1',
      fields: [{ field: 'ttl_ms', expected: 'a number' }],
    });
  });

  test('of a proxy that answers with a page are told from the status', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/sessions/s',
      (_request, response) => void response.writeHead(403).end('<html>no</html>'),
    );
    expect(await failure(client.sessions.get('s'))).toMatchObject({
      code: 'forbidden',
      status: 403,
      fields: [],
    });
  });

  test('say that an answer is not JSON', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions/s', (_request, response) => void response.writeHead(200).end('hello'));
    expect(await failure(client.sessions.get('s'))).toMatchObject({ code: 'bad_response' });
  });

  test('say that nobody listens there', async () => {
    const client = new Countersign({ baseUrl: 'http://127.0.0.1:1', apiKey: 'k', maxRetries: 0 });
    const error = await failure(client.sessions.get('s'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('Is the gateway running there?');
  });

  test('say where a redirect leads instead of following it', async () => {
    const { gateway, client } = await setUp();
    gateway.on(
      'GET /v1/sessions/s',
      (_request, response) => void response.writeHead(302, { location: 'http://evil/' }).end(),
    );
    const error = await failure(client.sessions.get('s'));
    expect(error).toMatchObject({ code: 'bad_response', status: 302 });
    expect(error.message).toContain('http://evil/');
    expect(gateway.seen).toHaveLength(1);
  });

  test('name the time that was given when no answer comes', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions/s', () => undefined);
    const error = await failure(client.sessions.get('s', { timeoutMs: 30 }));
    expect(error).toMatchObject({ code: 'timeout' });
    expect(error.message).toContain('within 30 ms');
  });

  test('are the reason of the signal when the caller aborts', async () => {
    const { gateway, client } = await setUp();
    const stop = new AbortController();
    gateway.on('GET /v1/sessions/s', () => stop.abort('enough'));
    await expect(client.sessions.get('s', { signal: stop.signal })).rejects.toBe('enough');
  });
});

describe('retries', () => {
  test('repeat a GET after 503 and wait as long as Retry-After says', async () => {
    const { gateway, client, pauses } = await setUp();
    const busy = problem(503, 'ledger_unavailable', {}, { 'retry-after': '3' });
    gateway.on('GET /v1/sessions/s', busy, json(200, sessionWire));
    await expect(client.sessions.get('s')).resolves.toMatchObject({ id: 'ses_1' });
    expect(pauses).toEqual([3_000]);
  });

  test('measure a Retry-After date against the answer and not the local clock', async () => {
    const { gateway, client, pauses } = await setUp();
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:07 GMT' };
    gateway.on('GET /v1/sessions/s', problem(429, 'rate_limited', {}, headers), json(200, sessionWire));
    await client.sessions.get('s');
    expect(pauses).toEqual([7_000]);
  });

  test('give up after maxRetries with the last error, waiting longer each time', async () => {
    const { gateway, client, pauses } = await setUp();
    gateway.on('GET /v1/sessions/s', problem(502, 'downstream_unavailable'));
    expect(await failure(client.sessions.get('s', { maxRetries: 3 }))).toMatchObject({ status: 502 });
    expect(gateway.seen).toHaveLength(4);
    expect(pauses).toEqual([250, 500, 1_000]);
  });

  test('repeat a POST that failed under one key, which is its own', async () => {
    const { gateway, client } = await setUp();
    const route = 'POST /v1/sessions/ses_1/revoke';
    gateway.on(route, problem(503, 'ledger_unavailable'), json(200, sessionWire));
    await client.sessions.revoke('ses_1');
    await client.sessions.revoke('ses_1');
    const keys = gateway.seen.map((one) => String(one.headers['idempotency-key']));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
  });

  test('repeat a POST whose answer was lost on the way, or whose first try is still under way', async () => {
    const { gateway, client, pauses } = await setUp();
    const drop = (_request: unknown, response: { destroy(): void }) => response.destroy();
    const busy = problem(409, 'conflict', {}, { 'retry-after': '1' });
    gateway.on('POST /v1/sessions/ses_1/revoke', drop as never, busy, json(200, sessionWire));
    await client.sessions.revoke('ses_1', {}, { idempotencyKey: 'order-7' });
    expect(gateway.seen.map((one) => one.headers['idempotency-key'])).toEqual(Array(3).fill('order-7'));
    expect(pauses.at(-1)).toBe(1_000);
  });

  test('never repeat a form, which carries no key', async () => {
    const { gateway, client } = await setUp();
    gateway.on('POST /oauth/token', problem(503, 'ledger_unavailable'));
    await failure(client.sessions.narrow({ token: 'cst_x', tools: ['a/*'] }));
    expect(gateway.seen).toHaveLength(1);
    expect(gateway.seen[0]?.headers['idempotency-key']).toBeUndefined();
  });

  test('do not repeat what cannot change: 404, 409, 500', async () => {
    const { gateway, client } = await setUp();
    for (const status of [404, 409, 500]) {
      gateway.on('GET /v1/sessions/s', problem(status, 'x'));
      await failure(client.sessions.get('s'));
    }
    expect(gateway.seen).toHaveLength(3);
  });
});

describe('lists', () => {
  test('give the first page when awaited', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions', page([sessionWire], 'c2'));
    await expect(client.sessions.list({ limit: 1 })).resolves.toMatchObject({
      nextCursor: 'c2',
      hasMore: true,
    });
    expect(gateway.seen[0]?.query).toEqual({ limit: '1' });
  });

  test('give every item of every page when iterated', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions', page([sessionWire], 'c2'), page([{ ...sessionWire, id: 'ses_2' }]));
    const ids: string[] = [];
    for await (const session of client.sessions.list({ subject: 'user-1' })) ids.push(session.id);
    expect(ids).toEqual(['ses_1', 'ses_2']);
    expect(gateway.seen[1]?.query).toEqual({ subject: 'user-1', cursor: 'c2' });
  });

  test('throw out of the iteration when a page fails', async () => {
    const { gateway, client } = await setUp();
    gateway.on('GET /v1/sessions', page([sessionWire], 'c2'), problem(403, 'forbidden'));
    const iterate = async () => {
      for await (const session of client.sessions.list()) expect(session.id).toBe('ses_1');
    };
    expect(await failure(iterate())).toMatchObject({ code: 'forbidden' });
  });
});
