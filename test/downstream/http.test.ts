import { describe, expect, it } from 'vitest';
import { callTool, eventually, startDownstreams, statusOf, textOf } from '../support/downstreams/harness.ts';
import { httpServer, says, startHttpFixture, type Turn } from '../support/downstreams/http-fixture.ts';

const ERAS = ['legacy', 'modern'] as const;
const PECULIAR =
  '{"content":[ {"type":"text","text":"\\u00e9"} ],"n":1.0,"big":12345678901234567890,"vendor":{"b":1,"a":2}}';

async function start(era: 'legacy' | 'modern', calls: Readonly<Record<string, (turn: Turn) => void>>) {
  const fixture = await startHttpFixture({ era, calls });
  const downstreams = startDownstreams([
    httpServer({ name: 'web', url: fixture.url, headers: { authorization: 'Bearer canary' } }),
  ]);
  await downstreams.ready();
  expect(statusOf(downstreams, 'web')).toMatchObject({ state: 'ready', era, problem: undefined });
  return { fixture, downstreams };
}

describe.each(ERAS)('a %s Streamable HTTP server', (era) => {
  it('gets the parameters byte for byte, and its result comes back byte for byte', async () => {
    const { fixture, downstreams } = await start(era, {
      odd: ({ id, json }) => json(`{"jsonrpc":"2.0", "result" : ${PECULIAR} ,"id":${id}}`),
    });
    const paramsText = '{"arguments":{"9":1.50,"1":"\\u0061"},"name":"odd"}';
    const outcome = await downstreams.request({
      server: 'web',
      method: 'tools/call',
      paramsText,
      meta: { traceparent: 't' },
    });
    expect(outcome).toEqual({ kind: 'result', raw: PECULIAR, isError: false });
    const sent = fixture.calls()[0];
    expect(sent?.body).toMatch(
      /^\{"jsonrpc":"2.0","id":1\d{9},"method":"tools\/call","params":\{"arguments":/,
    );
    expect(sent?.body).toContain(`"params":${paramsText.slice(0, -1)},"_meta":{"traceparent":"t"`);
    expect(sent?.headers.authorization).toBe('Bearer canary');
  });

  it('may stream progress before the result', async () => {
    const { downstreams } = await start(era, {
      stream({ id, params, stream, response }) {
        const write = stream();
        const token = (params._meta as { progressToken?: number }).progressToken;
        write(
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`,
        );
        write(
          `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":77,"progress":9}}`,
        );
        write(`{"jsonrpc":"2.0","id":${id},"result":${PECULIAR}}`);
        response.end();
      },
    });
    const progress: unknown[] = [];
    const outcome = await callTool(downstreams, {
      server: 'web',
      tool: 'stream',
      onProgress: (params) => progress.push(params),
    });
    expect(outcome).toEqual({ kind: 'result', raw: PECULIAR, isError: false });
    expect(progress).toEqual([{ progress: 1 }]);
  });

  it('has answers to other calls, and its second answer to one call, dropped', async () => {
    const { downstreams } = await start(era, {
      double({ id, stream, response }) {
        const write = stream();
        write(`{"jsonrpc":"2.0","id":${id - 1},"result":{"content":[{"type":"text","text":"not mine"}]}}`);
        write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"first"}]}}`);
        write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"second"}]}}`);
        response.end();
      },
      echo: says('next'),
    });
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'double' }))).toBe('first');
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'echo' }))).toBe('next');
  });

  it.each([
    ['cuts the connection', ({ request }: Turn) => request.socket.destroy()],
    [
      'ends its stream without an answer',
      ({ stream, response }: Turn) => {
        stream();
        response.end();
      },
    ],
    ['answers with HTTP 500', ({ json }: Turn) => json('oops', 500)],
    ['answers for another request', ({ json }: Turn) => json('{"jsonrpc":"2.0","id":5,"result":{}}')],
    ['answers with something that is not JSON', ({ json }: Turn) => json('<html>')],
  ])('leaves the outcome unknown and gets no second call when it %s', async (_what, behave) => {
    const { fixture, downstreams } = await start(era, { risky: behave, echo: says('fine') });
    expect(await callTool(downstreams, { server: 'web', tool: 'risky' })).toMatchObject({ kind: 'unknown' });
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'echo' }))).toBe('fine');
    expect(fixture.calls()).toHaveLength(2);
  });

  it('refuses with an error that the caller gets', async () => {
    const { downstreams } = await start(era, {
      denied: ({ json }) => json('no', 403),
      wrong: ({ id, json }) =>
        json(`{"jsonrpc":"2.0","id":${id},"error":{"code":-32602,"message":"bad"}}`, 400),
    });
    expect(await callTool(downstreams, { server: 'web', tool: 'wrong' })).toEqual({
      kind: 'error',
      raw: '{"code":-32602,"message":"bad"}',
    });
    expect(await callTool(downstreams, { server: 'web', tool: 'denied' })).toMatchObject({
      kind: 'error',
      raw: expect.stringContaining('HTTP 403'),
    });
  });

  it('is told of a cancellation in the way of its era', async () => {
    const closed = { count: 0 };
    const { fixture, downstreams } = await start(era, {
      hang({ request }) {
        request.socket.once('close', () => closed.count++);
      },
    });
    const abort = new AbortController();
    const running = callTool(downstreams, { server: 'web', tool: 'hang', signal: abort.signal });
    await eventually(() => fixture.calls().length === 1);
    abort.abort();
    expect(await running).toEqual({ kind: 'unknown', reason: 'cancelled by the caller' });
    await eventually(() => closed.count === 1);
    if (era === 'legacy')
      await eventually(() => fixture.received.some(({ body }) => body.includes('"notifications/cancelled"')));
  });

  it('has a call that takes too long given up as unknown', async () => {
    const { downstreams } = await start(era, { hang: () => undefined });
    expect(await callTool(downstreams, { server: 'web', tool: 'hang', timeoutMs: 40 })).toMatchObject({
      kind: 'unknown',
    });
  });

  it('is cut off when its answer is larger than allowed', async () => {
    const { downstreams } = await start(era, {
      huge({ response }) {
        response.writeHead(200, { 'content-type': 'application/json' });
        const chunk = Buffer.alloc(1024 * 1024, 0x61);
        for (let megabytes = 0; megabytes < 100; megabytes++) response.write(chunk);
        response.end();
      },
      echo: says('fine'),
    });
    expect(await callTool(downstreams, { server: 'web', tool: 'huge' })).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('larger'),
    });
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'echo' }))).toBe('fine');
  });

  it('is listed again when it says that its tools have changed', async () => {
    const { fixture, downstreams } = await start(era, { echo: says('x') });
    const events: unknown[] = [];
    downstreams.onEvent((event) => events.push(event));
    await eventually(() => era === 'modern' || fixture.received.some(({ verb }) => verb === 'GET'));
    fixture.tools = [...fixture.tools, { name: 'added', inputSchema: { type: 'object' } }];
    fixture.notify('notifications/tools/list_changed');
    await eventually(() => downstreams.catalog().byExposed.has('added'));
    expect(events).toContainEqual({ kind: 'catalog', list: 'tools' });
  });

  it('is tried again after it went away, and a call meanwhile is not sent', async () => {
    const { fixture, downstreams } = await start(era, { echo: says('x') });
    await fixture.close();
    expect(await callTool(downstreams, { server: 'web', tool: 'echo' })).toMatchObject({
      kind: 'not_sent',
      code: 'downstream_unavailable',
    });
    await eventually(() => statusOf(downstreams, 'web').state === 'down');
    const port = Number(new URL(fixture.url).port);
    await startHttpFixture({ era, port, calls: { echo: says('again') } });
    await eventually(() => statusOf(downstreams, 'web').state === 'ready');
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'echo' }))).toBe('again');
  });
});

describe('a legacy Streamable HTTP server', () => {
  it('gets a new session after it has forgotten the old one, and the refused call was not sent', async () => {
    const { fixture, downstreams } = await start('legacy', { echo: says('hello') });
    fixture.sessions.clear();
    expect(await callTool(downstreams, { server: 'web', tool: 'echo' })).toMatchObject({ kind: 'not_sent' });
    await eventually(() => statusOf(downstreams, 'web').state === 'ready' && fixture.sessions.size === 1);
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'echo' }))).toBe('hello');
  });

  it('may end a stream early and have it picked up again by its last event', async () => {
    const waiting = { id: 0 };
    const { fixture, downstreams } = await start('legacy', {
      poll({ id, response, stream }) {
        waiting.id = id;
        stream()('', 'event-1');
        response.write('retry: 10\n\n');
        response.end();
      },
      'resume_event-1'({ stream, response }) {
        stream()(
          `{"jsonrpc":"2.0","id":${waiting.id},"result":{"content":[{"type":"text","text":"resumed"}]}}`,
        );
        response.end();
      },
    });
    expect(textOf(await callTool(downstreams, { server: 'web', tool: 'poll' }))).toBe('resumed');
    expect(fixture.calls()).toHaveLength(1);
  });

  it('has its wish for sampling denied', async () => {
    const { fixture, downstreams } = await start('legacy', {
      asks({ id, stream, response }) {
        const write = stream();
        write(
          '{"jsonrpc":"2.0","id":"ask-1","method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}',
        );
        const answered = () => fixture.received.find(({ body }) => body.includes('"ask-1"'));
        const timer = setInterval(() => {
          const answer = answered();
          if (answer === undefined) return;
          clearInterval(timer);
          write(
            `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":${JSON.stringify(answer.body)}}]}}`,
          );
          response.end();
        }, 5);
      },
    });
    const answer = JSON.parse(textOf(await callTool(downstreams, { server: 'web', tool: 'asks' })));
    expect(answer).toMatchObject({ id: 'ask-1', error: { code: -32601 } });
  });

  it('has its session ended when Countersign closes', async () => {
    const { fixture, downstreams } = await start('legacy', { echo: says('x') });
    await downstreams.close();
    expect(fixture.sessions.size).toBe(0);
  });
});

describe('a modern Streamable HTTP server', () => {
  it('gets arguments mirrored as headers where a tool asks for it', async () => {
    const fixture = await startHttpFixture({ era: 'modern', calls: { deploy: says('x') } });
    const properties = {
      region: { type: 'string', 'x-mcp-header': 'Region' },
      count: { type: 'integer', 'x-mcp-header': 'Count' },
    };
    fixture.tools = [{ name: 'deploy', inputSchema: { type: 'object', properties } }];
    const downstreams = startDownstreams([httpServer({ name: 'web', url: fixture.url })]);
    await downstreams.ready();
    await callTool(downstreams, { server: 'web', tool: 'deploy', args: { region: 'Zürich', count: 3 } });
    expect(fixture.calls()[0]?.headers).toMatchObject({
      'mcp-name': 'deploy',
      'mcp-param-region': `=?base64?${Buffer.from('Zürich').toString('base64')}?=`,
      'mcp-param-count': '3',
    });
  });

  it('that ends its stream early is not asked to resume it, since 2026-07-28 cannot', async () => {
    const { fixture, downstreams } = await start('modern', {
      cut({ stream, response }) {
        stream()('', 'event-1');
        response.end();
      },
    });
    expect(await callTool(downstreams, { server: 'web', tool: 'cut' })).toMatchObject({ kind: 'unknown' });
    expect(fixture.received.some(({ verb }) => verb === 'GET')).toBe(false);
  });

  it('that asks for input gets none, and the call fails', async () => {
    const { downstreams } = await start('modern', {
      asks: ({ id, json }) =>
        json(`{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","inputRequests":{}}}`),
    });
    expect(await callTool(downstreams, { server: 'web', tool: 'asks' })).toMatchObject({ kind: 'error' });
  });
});
