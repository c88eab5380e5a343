import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RelayKind } from '../../src/downstream/catalog.ts';
import { talk } from '../support/downstreams/conversation.ts';
import { callTool, eventually, startDownstreams, textOf, toolOf } from '../support/downstreams/harness.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';

const PACKAGE = createRequire(import.meta.url).resolve(
  '@modelcontextprotocol/server-everything/package.json',
);
const PROGRAM = join(dirname(PACKAGE), 'dist/index.js');
const MOTTO = 'demo://resource/dynamic/text/1';

async function start(relay: readonly RelayKind[]) {
  const downstreams = startDownstreams([
    stdioServer({ name: 'everything', args: [PROGRAM, 'stdio'], relay }),
  ]);
  await downstreams.ready();
  const call = async (tool: string, args: object, conversation = talk()) => {
    await eventually(() => toolOf(downstreams, tool));
    return textOf(await callTool(downstreams, { server: 'everything', tool, args, conversation }));
  };
  return { downstreams, call };
}

describe('the reference server of everything', () => {
  it('samples, elicits and asks for roots through a client that can be asked', async () => {
    const { call } = await start(['elicitation', 'sampling', 'roots']);
    const sampled = talk({
      answer: () => ({
        result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'a sampled word' } },
      }),
    });
    expect(await call('trigger-sampling-request', { prompt: 'x' }, sampled)).toContain('a sampled word');
    expect(sampled.asked).toMatchObject([{ method: 'sampling/createMessage', params: { maxTokens: 100 } }]);

    const elicited = talk({ answer: () => ({ result: { action: 'decline' } }) });
    expect(await call('trigger-elicitation-request', {}, elicited)).toContain('declined');
    expect(elicited.asked).toMatchObject([{ method: 'elicitation/create' }]);

    const rooted = talk({ answer: () => ({ result: { roots: [{ uri: 'file:///home', name: 'Home' }] } }) });
    expect(await call('get-roots-list', {}, rooted)).toContain('file:///home');
  });

  it('offers none of that when nothing is relayed', async () => {
    const { downstreams, call } = await start([]);
    expect(await call('echo', { message: 'hello' })).toContain('hello');
    const tools = downstreams.catalog().tools.map(({ tool }) => tool);
    expect(tools.filter((tool) => /sampling|elicit|roots/.test(tool))).toEqual([]);
  });

  it('tells of a resource that is watched, and logs to the call at hand', async () => {
    const { downstreams, call } = await start([]);
    const updated = Promise.withResolvers<string>();
    downstreams.onEvent((event) => event.kind === 'resource_updated' && updated.resolve(event.uri));
    expect(await downstreams.watch({ server: 'everything', uri: MOTTO })).toMatchObject({ kind: 'watching' });
    const conversation = talk();
    await call('toggle-simulated-logging', {}, conversation);
    expect(conversation.told).toMatchObject([{ method: 'notifications/message' }]);
    await call('toggle-subscriber-updates', {});
    expect(await updated.promise).toBe(MOTTO);
  });
});
