import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LogLevel, leastWanted } from '../../src/mcp/relay/log-level.ts';
import { createWantedLevels } from '../../src/mcp/relay/wanted-levels.ts';
import { startTestGateway } from '../support/gateway.ts';
import { type AskingGateway, startAskingGateway } from './support/asking-gateway.ts';
import { mint } from './support/sessions.ts';
import { legacyWire, modernWire, type Wire, type WireReply } from './support/wire.ts';

let asking: AskingGateway;

beforeAll(async () => {
  asking = await startAskingGateway();
});

afterAll(() => asking.close());

const LEVEL = 'io.modelcontextprotocol/logLevel';
const logsIn = ({ messages }: WireReply): string[] =>
  messages.filter(({ method }) => method === 'notifications/message').map(({ params }) => params.data);
const mutter = (wire: Wire, server: string, meta?: object): Promise<WireReply> =>
  wire.request('tools/call', { name: `${server}_mutter`, arguments: {} }, meta === undefined ? {} : { meta });

describe('log messages of a server during a call', () => {
  test('reach a client of an earlier revision on the stream of its call, before the result', async () => {
    const { access } = await mint(asking.gateway);
    const reply = await mutter(await legacyWire(access), 'old');
    expect(reply.messages[0]).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/message',
      params: { level: 'warning', data: 'a warning' },
    });
    expect(reply.message.result.content[0].text).toBe('said');
  });

  test('are left out below the level that a connection has set, and on that connection alone', async () => {
    const { access } = await mint(asking.gateway);
    const [quiet, other] = [await legacyWire(access), await legacyWire(access)];
    const set = await quiet.request('logging/setLevel', { level: 'error' });
    expect(set.message.result).toEqual({});
    expect(logsIn(await mutter(quiet, 'old'))).toEqual([]);
    expect(logsIn(await mutter(other, 'old'))).toEqual(['a warning']);
    await quiet.request('logging/setLevel', { level: 'warning' });
    expect(logsIn(await mutter(quiet, 'old'))).toEqual(['a warning']);
  });

  test('reach a 2026-07-28 client from the level on that its request asks for, from either era', async () => {
    const wire = modernWire((await mint(asking.gateway)).access);
    for (const server of ['old', 'modern']) {
      expect(logsIn(await mutter(wire, server)), server).toEqual([]);
      expect(logsIn(await mutter(wire, server, { [LEVEL]: 'error' })), server).toEqual([]);
      expect(logsIn(await mutter(wire, server, { [LEVEL]: 'warning' })), server).toEqual(['a warning']);
    }
    expect(logsIn(await mutter(wire, 'modern', { [LEVEL]: 'debug' }))).toEqual(['a warning', 'a detail']);
  });

  test('cannot be set to an unknown level, and not at all by the method in 2026-07-28', async () => {
    const { access } = await mint(asking.gateway);
    const wrong = await (await legacyWire(access)).request('logging/setLevel', { level: 'loud' });
    expect(wrong.message.error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('debug, info'),
    });
    const modern = await modernWire(access).request('logging/setLevel', { level: 'error' });
    expect([modern.status, modern.message.error.code]).toEqual([404, -32601]);
  });
});

test('what is announced is what some server behind the gateway has', async () => {
  const { access } = await mint(asking.gateway);
  const rich = (await legacyWire(access)).initialized.result.capabilities;
  expect(rich).toMatchObject({ logging: {}, resources: { subscribe: true } });
  const discovered = (await modernWire(access).request('server/discover')).message.result.capabilities;
  expect(discovered).toMatchObject({ logging: {}, resources: { subscribe: true } });
  const bare = await startTestGateway();
  try {
    const poor = (await legacyWire(bare.app.session.mcp)).initialized.result.capabilities;
    expect([poor.logging, poor.resources.subscribe, poor.completions]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  } finally {
    await bare.close();
  }
});

describe('the level that servers are told', () => {
  test.each([
    [[], undefined],
    [[undefined], undefined],
    [['error'], 'error'],
    [['error', 'notice'], 'notice'],
    [['error', undefined], 'info'],
    [['debug', undefined], 'debug'],
  ] as const)('of %j is %s', (asked: readonly (LogLevel | undefined)[], least) => {
    expect(leastWanted(asked)).toBe(least);
  });

  test('follows clients as they come, ask and go, and is not repeated', () => {
    const told: LogLevel[] = [];
    const levels = createWantedLevels((level) => told.push(level));
    levels.set('a', undefined);
    levels.set('a', 'error');
    levels.set('b', 'warning');
    levels.set('b', 'critical');
    levels.lower('c', 'notice');
    levels.lower('c', 'alert');
    levels.leave('c');
    levels.leave('a');
    levels.leave('unknown');
    expect(told).toEqual(['error', 'warning', 'error', 'notice', 'error', 'critical']);
  });
});
