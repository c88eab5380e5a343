import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ConversationAnswer, Downstreams, RelayKind } from '../../src/downstream/catalog.ts';
import { ACCEPTED, talk } from '../support/downstreams/conversation.ts';
import { callTool, eventually, memoryLog, startDownstreams, textOf } from '../support/downstreams/harness.ts';
import { httpServer } from '../support/downstreams/http-fixture.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';
import { startV1Server } from '../support/downstreams/sdk-v1-server.ts';
import { createV1Asker } from '../support/downstreams/v1-asker.ts';

const ASKER = fileURLToPath(new URL('../support/downstreams/v1-asker-main.ts', import.meta.url));
const ALL: readonly RelayKind[] = ['elicitation', 'elicitation_url', 'sampling', 'roots'];
const TRANSPORTS = ['stdio', 'http', 'sse'] as const;
const REFUSED = 'error: -32601';

async function start(kind: (typeof TRANSPORTS)[number], relay: readonly RelayKind[] = ALL) {
  const log = memoryLog();
  const server = { name: 'asker', relay };
  const config =
    kind === 'stdio'
      ? stdioServer({ ...server, args: [ASKER] })
      : httpServer({ ...server, ...(await web(kind)) });
  const downstreams = startDownstreams([config], { log });
  await downstreams.ready();
  return { downstreams, log };
}

async function web(kind: 'http' | 'sse') {
  const { url, sseUrl } = await startV1Server(createV1Asker);
  return { kind, url: kind === 'http' ? url : sseUrl };
}

function ask(
  downstreams: Downstreams,
  args: { kind: RelayKind; aside?: boolean },
  more: Partial<Parameters<typeof callTool>[1]> = {},
) {
  return callTool(downstreams, { server: 'asker', tool: 'ask', args, ...more });
}

async function eventuallyIs<T>(probe: () => Promise<T>, wanted: T): Promise<void> {
  const end = performance.now() + 10_000;
  for (let seen = await probe(); seen !== wanted; seen = await probe()) {
    if (performance.now() > end) throw new Error(`it stayed ${seen}`);
  }
}

const ANSWERS: Readonly<Record<RelayKind, ConversationAnswer>> = {
  elicitation: ACCEPTED,
  elicitation_url: { result: { action: 'accept' } },
  sampling: { result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'word' } } },
  roots: { result: { roots: [{ uri: 'file:///home' }] } },
};

describe.each(TRANSPORTS)('a legacy server over %s that may ask', (transport) => {
  it('is told what config relays, and nothing else', async () => {
    const { downstreams } = await start(transport, ['elicitation', 'roots']);
    const told = JSON.parse(textOf(await callTool(downstreams, { server: 'asker', tool: 'told' })));
    expect(told.capabilities).toEqual({ elicitation: { form: {} }, roots: {} });
    expect(downstreams.relays('asker')).toEqual(['elicitation', 'roots']);
    expect(downstreams.relays('nobody')).toEqual([]);
  });

  it('has each kind of question answered by the client of its call', async () => {
    const { downstreams } = await start(transport);
    for (const kind of ALL) {
      const conversation = talk({ answer: () => ANSWERS[kind] });
      const outcome = await ask(downstreams, { kind }, { conversation });
      expect({ result: JSON.parse(textOf(outcome)) }).toEqual(ANSWERS[kind]);
      expect(conversation.asked).toHaveLength(1);
      expect(conversation.asked[0]?.params._meta).toBeUndefined();
    }
  });

  it('gets the error that the client answers with', async () => {
    const { downstreams } = await start(transport);
    const conversation = talk({ answer: () => ({ error: { code: -1, message: 'no' } }) });
    expect(textOf(await ask(downstreams, { kind: 'sampling' }, { conversation }))).toBe('error: -1');
  });

  it('is refused by default, whatever the client could answer, and an operator reads which key is missing', async () => {
    const { downstreams, log } = await start(transport, []);
    const conversation = talk();
    for (const kind of ALL) {
      expect(textOf(await ask(downstreams, { kind }, { conversation }))).toBe(REFUSED);
      expect(log.lines.some(({ message }) => message.includes(`"relay": ["${kind}"]`))).toBe(true);
    }
    expect(conversation.asked).toEqual([]);
  });

  it('is refused when the client of the call cannot be asked, or nobody is there', async () => {
    const { downstreams } = await start(transport);
    const capabilities = { elicitation: { url: {} } };
    const conversation = talk({ capabilities });
    expect(textOf(await ask(downstreams, { kind: 'elicitation' }, { conversation }))).toBe(REFUSED);
    expect(textOf(await ask(downstreams, { kind: 'sampling' }, { conversation }))).toBe(REFUSED);
    expect(textOf(await ask(downstreams, { kind: 'elicitation' }))).toBe(REFUSED);
    expect(conversation.asked).toEqual([]);
  });

  it('may ask without saying which call it is about while only one session calls it', async () => {
    const { downstreams } = await start(transport);
    const conversation = talk();
    const outcome = await ask(downstreams, { kind: 'elicitation', aside: true }, { conversation });
    expect({ result: JSON.parse(textOf(outcome)) }).toEqual(ACCEPTED);
  });

  it.each([
    ['another session', () => ({ conversation: talk({ session: 'ses_b' }) })],
    ['nobody who could be asked', () => ({})],
  ])('is refused such a question while a call of %s is under way', async (_whose, more) => {
    const { downstreams } = await start(transport);
    const conversation = talk();
    const other = callTool(downstreams, { server: 'asker', tool: 'linger', ...more() });
    const asked = await ask(downstreams, { kind: 'elicitation', aside: true }, { conversation });
    expect(textOf(asked)).toBe(REFUSED);
    expect(conversation.asked).toEqual([]);
    await callTool(downstreams, { server: 'asker', tool: 'release' });
    expect(textOf(await other)).toBe('lingered');
    expect(textOf(await ask(downstreams, { kind: 'elicitation', aside: true }, { conversation }))).toContain(
      'yes',
    );
  });

  it('is refused such a question after a call of another session was given up, since it may be about that', async () => {
    const { downstreams } = await start(transport);
    const givenUp = new AbortController();
    const other = callTool(downstreams, {
      server: 'asker',
      tool: 'linger',
      conversation: talk({ session: 'ses_b' }),
      signal: givenUp.signal,
    });
    await callTool(downstreams, { server: 'asker', tool: 'told' });
    givenUp.abort();
    expect((await other).kind).toBe('unknown');
    const asked = await ask(downstreams, { kind: 'elicitation', aside: true }, { conversation: talk() });
    expect(textOf(asked)).toBe(REFUSED);
  });

  it('has its question withdrawn when the call is cancelled, and a late answer is dropped', async () => {
    const { downstreams } = await start(transport);
    const late = Promise.withResolvers<ConversationAnswer>();
    const conversation = talk({ answer: () => late.promise });
    const cancelled = new AbortController();
    const outcome = ask(downstreams, { kind: 'elicitation' }, { conversation, signal: cancelled.signal });
    const signal = await eventually(() => conversation.signals[0]);
    expect(signal.aborted).toBe(false);
    cancelled.abort();
    expect(await outcome).toMatchObject({ kind: 'unknown' });
    expect(signal.aborted).toBe(true);
    late.resolve(ACCEPTED);
    const next = talk();
    expect(textOf(await ask(downstreams, { kind: 'elicitation' }, { conversation: next }))).toContain('yes');
  });

  it('keeps its call open for as long as a question is, beyond the time limit', async () => {
    const { downstreams } = await start(transport);
    const later = Promise.withResolvers<ConversationAnswer>();
    const conversation = talk({ answer: () => later.promise });
    const outcome = ask(downstreams, { kind: 'elicitation' }, { conversation, timeoutMs: 1_000 });
    await eventually(() => conversation.asked.length === 1);
    const began = performance.now();
    await eventually(() => performance.now() - began > 1_200);
    later.resolve(ACCEPTED);
    expect(textOf(await outcome)).toContain('yes');
  });

  it('has what it logs passed on to the call that it is about', async () => {
    const { downstreams } = await start(transport);
    const conversation = talk();
    // Over Streamable HTTP what names no call comes on another stream than the result, and may come after it.
    for (const aside of transport === 'http' ? [false] : [false, true]) {
      await callTool(downstreams, { server: 'asker', tool: 'mutter', args: { aside }, conversation });
    }
    const warning = { method: 'notifications/message', params: { level: 'warning', data: 'a warning' } };
    expect(new Set(conversation.told.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify(warning)]),
    );
    expect(conversation.told).toHaveLength(transport === 'http' ? 1 : 2);
  });

  it('is told the least level of log messages that anybody wants, by then or later', async () => {
    const { downstreams } = await start(transport);
    expect(downstreams.capabilities()).toEqual({ logging: true, subscribe: true, completions: false });
    const level = async () =>
      JSON.parse(textOf(await callTool(downstreams, { server: 'asker', tool: 'told' }))).level;
    expect(await level()).toBe('none');
    downstreams.setLogLevel('error');
    await eventuallyIs(level, 'error');
  });
});

it('a legacy server that connects after a level was wanted is told it then', async () => {
  const downstreams = startDownstreams([stdioServer({ name: 'asker', args: [ASKER] })]);
  downstreams.setLogLevel('debug');
  await downstreams.ready();
  const told = JSON.parse(textOf(await callTool(downstreams, { server: 'asker', tool: 'told' })));
  expect(told.level).toBe('debug');
});

it('two sessions that ask over one pipe at once never get one another’s questions when the server says nothing', async () => {
  const { downstreams } = await start('stdio');
  const waiting = Promise.withResolvers<ConversationAnswer>();
  const first = talk({ answer: () => waiting.promise });
  const second = talk({ session: 'ses_b' });
  const one = ask(downstreams, { kind: 'elicitation' }, { conversation: first });
  await eventually(() => first.asked.length === 1);
  expect(textOf(await ask(downstreams, { kind: 'elicitation' }, { conversation: second }))).toBe(REFUSED);
  waiting.resolve(ACCEPTED);
  expect(textOf(await one)).toContain('yes');
  expect(second.asked).toEqual([]);
});

it('two sessions that ask over Streamable HTTP at once each get their own questions', async () => {
  const { downstreams } = await start('http');
  const waiting = Promise.withResolvers<ConversationAnswer>();
  const first = talk({ answer: () => waiting.promise });
  const second = talk({ session: 'ses_b', answer: () => ({ result: { action: 'decline' } }) });
  const one = ask(downstreams, { kind: 'elicitation' }, { conversation: first });
  await eventually(() => first.asked.length === 1);
  const two = await ask(downstreams, { kind: 'elicitation' }, { conversation: second });
  expect(JSON.parse(textOf(two))).toEqual({ action: 'decline' });
  waiting.resolve(ACCEPTED);
  expect(textOf(await one)).toContain('yes');
});
