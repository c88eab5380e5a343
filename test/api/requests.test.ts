import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { type Answer, type Office, openOffice } from './support/office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const mint = (body: string, headers?: Record<string, string>): Promise<Answer> =>
  office.ask('POST', '/v1/sessions', { body, ...(headers === undefined ? {} : { headers }) });

async function sessions(): Promise<number> {
  return (await office.ask('GET', '/v1/sessions?limit=200')).body.data.length;
}

describe('a body', () => {
  it.each([
    ['a key twice', '{"subject":"ann","subject":"bob"}', 'the same key twice'],
    ['a key twice at depth', '{"labels":{"a":"1","a":"2"}}', 'the same key twice'],
    ['an unsafe integer', '{"call_cap":9007199254740993}', 'beyond ±9007199254740991'],
    ['a number that overflows', '{"ttl_ms":1e999}', 'too large for a double'],
    ['a lone surrogate', '{"subject":"\\ud800"}', 'lone surrogate'],
    ['nesting beyond the limit', `${'['.repeat(65)}${']'.repeat(65)}`, 'nesting is deeper'],
    ['__proto__', '{"__proto__":{}}', '__proto__'],
    ['half a value', '{"subject":', 'not JSON'],
    ['something after the value', '{} {}', 'follows the value'],
  ])('that holds %s is refused before anything runs', async (_, body, why) => {
    const before = await sessions();
    const answered = await mint(body);
    expect([answered.status, answered.body.code]).toEqual([400, 'invalid_json']);
    expect(answered.body.detail).toContain(why);
    expect(await sessions()).toBe(before);
  });

  it('that is not UTF-8 is refused', async () => {
    const response = await fetch(`${office.gateway.app.origin}/v1/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${office.keys.minter}`, 'content-type': 'application/json' },
      body: new Uint8Array([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'invalid_json' });
  });

  it('of the largest size is read, and one byte more is refused', async () => {
    const fill = (size: number): string => `{"subject":"ann"${' '.repeat(size - 17)}}`;
    expect((await mint(fill(LIMITS.messageBytes))).status).toBe(201);
    const answered = await mint(fill(LIMITS.messageBytes + 1));
    expect([answered.status, answered.body.code]).toEqual([413, 'payload_too_large']);
    expect(answered.body.detail).toContain(String(LIMITS.messageBytes));
  });

  it('without a length is not read beyond the limit', async () => {
    const sent = { bytes: 0 };
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = httpRequest(`${office.gateway.app.origin}/v1/sessions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${office.keys.minter}`, 'content-type': 'application/json' },
      });
      const chunk = Buffer.alloc(256 * 1024, ' ');
      const done = { yes: false };
      call.on('response', (response) => {
        done.yes = true;
        response.resume();
        resolve(response.statusCode);
        call.destroy();
      });
      call.on('error', (error) => (done.yes ? undefined : reject(error)));
      const more = (): void => {
        while (!done.yes && sent.bytes < 64 * 1024 * 1024) {
          sent.bytes += chunk.length;
          if (!call.write(chunk)) {
            call.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    expect(status).toBe(413);
    expect(sent.bytes).toBeLessThan(32 * 1024 * 1024);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json-seq', 'application/json;x'])(
    'of type %s is refused',
    async (type) => {
      const answered = await mint('{"subject":"ann"}', { 'content-type': type });
      expect(answered.status).toBe(400);
      expect(answered.body.fields).toEqual([{ field: 'Content-Type', expected: 'application/json' }]);
    },
  );

  it('may carry a charset', async () => {
    expect((await mint('{}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
  });

  it('that is not there is read as an empty object', async () => {
    const json = { 'content-type': 'application/json' };
    expect((await office.ask('POST', '/v1/sessions')).status).toBe(201);
    expect((await office.ask('POST', '/v1/sessions', { headers: json })).status).toBe(201);
    const answered = await office.ask('POST', '/v1/keys', { headers: json });
    expect(answered.body.fields).toEqual([
      { field: 'name', expected: 'a string, but it is missing' },
      { field: 'roles', expected: 'an array, but it is missing' },
    ]);
  });
});

describe('what is wrong with an input', () => {
  it.each([
    ['POST', '/v1/sessions', { subjct: 'ann' }, ['subjct']],
    ['POST', '/v1/sessions', { ttl_ms: '1h', tools: 'x' }, ['ttl_ms', 'tools']],
    ['POST', '/v1/sessions', { ttl_ms: 1 }, ['ttl_ms']],
    ['POST', '/v1/sessions', { labels: { team: 1 } }, ['labels.team']],
    ['POST', '/v1/sessions', { tools: ['a', 1] }, ['tools[1]']],
    ['POST', '/v1/sessions', { tools: [''] }, ['tools[0]']],
    ['POST', '/v1/sessions', { call_cap: 0 }, ['call_cap']],
    ['POST', '/v1/sessions', [], ['body']],
    ['POST', '/v1/keys', { name: 'ci', roles: ['approver'] }, ['roles[0]']],
    ['POST', '/v1/policies/check', { files: { 'a.yaml': 1 } }, ['files.a.yaml']],
    ['POST', '/v1/policies/explain', { server: 's', tool: 't', session: { user: 'a' } }, ['session.user']],
    ['GET', '/v1/logs?since=yesterday', undefined, ['since']],
    ['GET', '/v1/logs?until=2026', undefined, ['until']],
    ['GET', '/v1/logs?action=a*b', undefined, ['action']],
    ['GET', '/v1/logs?limit=201', undefined, ['limit']],
    ['GET', '/v1/logs?users=ann', undefined, ['users']],
    ['GET', '/v1/logs/stream?users=ann', undefined, ['users']],
    ['GET', '/v1/logs/stream?type=*x', undefined, ['type']],
    ['GET', '/v1/approvals?state=open', undefined, ['state']],
    ['GET', '/v1/approvals?limit=0', undefined, ['limit']],
    ['GET', '/v1/sessions?state=pending', undefined, ['state']],
    ['GET', '/v1/approvals/apr_x/wait?timeout_ms=25001', undefined, ['timeout_ms']],
  ])('is named by field: %s %s %j', async (method, path, body, fields) => {
    const answered = await office.ask(method, path, body === undefined ? {} : { body });
    expect(answered.status).toBe(400);
    expect(answered.body.fields.map((one: { field: string }) => one.field)).toEqual(fields);
    for (const field of fields) expect(answered.body.detail).toContain(`${field}: expected `);
  });

  it('never repeats a value that was sent', async () => {
    const answered = await mint('{"ttl_ms":"s3cret-value","subject":["s3cret-value"]}');
    expect(answered.status).toBe(400);
    expect(answered.text).not.toContain('s3cret-value');
  });
});

describe('a place that is not there', () => {
  it('is told with what there is', async () => {
    const answered = await office.ask('GET', '/v1/nothing');
    expect([answered.status, answered.body.code]).toEqual([404, 'not_found']);
    expect(answered.body.detail).toContain('/v1/openapi.json');
    expect(answered.headers.get('content-type')).toBe('application/problem+json');
    expect(answered.headers.get('x-request-id')).toBe(answered.body.request_id);
  });

  it.each([
    ['DELETE', '/v1/sessions', 'GET, HEAD, POST'],
    ['PUT', '/v1/approvals/apr_1', 'GET, HEAD'],
    ['GET', '/v1/approvals/apr_1/decide', 'POST'],
    ['PATCH', '/v1/approvers/per_1/remove', 'POST'],
    ['OPTIONS', '/v1/keys', 'GET, HEAD, POST'],
  ])('under this method is a 405 with what is allowed: %s %s', async (method, path, allowed) => {
    const answered = await office.ask(method, path);
    expect(answered.status).toBe(405);
    expect(answered.headers.get('allow')).toBe(allowed);
    expect(answered.body.status).toBe(405);
    expect(answered.body.detail).toContain(`does not answer ${method}`);
  });

  it.each([
    ['GET', '/v1/sessions/ses_none'],
    ['POST', '/v1/sessions/ses_none/revoke'],
    ['GET', '/v1/approvals/apr_none'],
    ['POST', '/v1/keys/key_none/revoke'],
    ['GET', '/v1/servers/none/tools'],
  ])('by id is a 404 that says what to do: %s %s', async (method, path) => {
    const answered = await office.ask(method, path);
    expect([answered.status, answered.body.code]).toEqual([404, 'not_found']);
    expect(answered.body.detail).toMatch(/List|list|GET \/v1/);
  });
});

describe('a request that a cookie authenticates', () => {
  const ask = (headers: Record<string, string>, method = 'POST', path = '/v1/acts') =>
    fetch(`${office.gateway.app.origin}${path}`, {
      method,
      headers: { cookie: office.person.cookie, 'content-type': 'application/json', ...headers },
      ...(method === 'POST' ? { body: JSON.stringify({ act: 'approver.invite', params }) } : {}),
    });
  const origin = (): string => office.gateway.app.origin;
  const params = { name: 'Mallory', groups: [], token: 'a'.repeat(64) };

  it.each([
    ['no CSRF header', () => ({ origin: origin() }), 'x-countersign-csrf'],
    ['a wrong CSRF header', () => ({ origin: origin(), 'x-countersign-csrf': 'yes' }), 'x-countersign-csrf'],
    ['no Origin', () => ({ 'x-countersign-csrf': '1' }), 'Origin'],
    ['a foreign Origin', () => ({ origin: 'https://evil.example', 'x-countersign-csrf': '1' }), 'Origin'],
    ['a null Origin', () => ({ origin: 'null', 'x-countersign-csrf': '1' }), 'Origin'],
    [
      'the Origin of another local name',
      () => ({ origin: origin().replace('localhost', '127.0.0.1'), 'x-countersign-csrf': '1' }),
      'Origin',
    ],
  ])('changes nothing with %s', async (_, headers, named) => {
    const response = await ask(headers() as Record<string, string>);
    const problem = (await response.json()) as { code: string; detail: string };
    expect([response.status, problem.code]).toEqual([403, 'forbidden']);
    expect(problem.detail).toContain(named);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });

  it('may read without either, but not from a foreign page', async () => {
    expect((await ask({}, 'GET', '/v1/me')).status).toBe(200);
    expect((await ask({ origin: 'https://evil.example' }, 'GET', '/v1/me')).status).toBe(403);
  });

  it('works from the gateway’s own page', async () => {
    expect((await ask({ origin: origin(), 'x-countersign-csrf': '1' })).status).toBe(200);
  });
});

describe('a request for another host', () => {
  it('is refused with a problem before anything reads it', async () => {
    const { port } = new URL(office.gateway.app.origin);
    const answered = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
      const call = httpRequest(
        { host: '127.0.0.1', port, path: '/healthz', headers: { host: 'rebound.example' } },
        (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode, text }));
        },
      );
      call.on('error', reject);
      call.end();
    });
    expect(answered.status).toBe(403);
    expect(JSON.parse(answered.text)).toMatchObject({
      type: 'urn:countersign:problem:forbidden',
      title: expect.any(String),
      detail: expect.stringContaining('allowed_hosts'),
    });
  });
});
