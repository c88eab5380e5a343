import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  callTool,
  eventually,
  startDownstreams,
  statusOf,
  temporaryFolder,
  textOf,
} from '../support/downstreams/harness.ts';
import { oracleServer, readWitness } from '../support/downstreams/oracle.ts';

function start() {
  const witness = join(temporaryFolder(), 'witness');
  const downstreams = startDownstreams([oracleServer({ witness })]);
  return { witness, downstreams };
}

describe('a stdio server', () => {
  it('is connected, listed in order, and answers', async () => {
    const { downstreams } = start();
    await downstreams.ready();
    expect(statusOf(downstreams, 'oracle')).toMatchObject({
      state: 'ready',
      era: 'legacy',
      tools: 5,
      problem: undefined,
    });
    expect(downstreams.catalog().tools.map(({ exposed }) => exposed)).toEqual([
      'crash',
      'echo',
      'fail',
      'pay',
      'slow',
    ]);
    expect(
      textOf(await callTool(downstreams, { server: 'oracle', tool: 'echo', args: { text: 'hello' } })),
    ).toBe('hello');
  });

  it('receives the parameters byte for byte', async () => {
    const { downstreams, witness } = start();
    await downstreams.ready();
    const paramsText = '{"arguments":{"text":"\\u00e9 1.0","9":1e2,"1":  2},"name":"echo"}';
    await downstreams.request({ server: 'oracle', method: 'tools/call', paramsText });
    expect(readWitness(witness)).toEqual([paramsText]);
    await downstreams.request({
      server: 'oracle',
      method: 'tools/call',
      paramsText,
      meta: { traceparent: 'x' },
    });
    expect(readWitness(witness)[1]).toBe(`${paramsText.slice(0, -1)},"_meta":{"traceparent":"x"}}`);
  });

  it('gives errors of tools and of the protocol back as they are', async () => {
    const { downstreams } = start();
    await downstreams.ready();
    expect(await callTool(downstreams, { server: 'oracle', tool: 'fail' })).toMatchObject({
      kind: 'result',
      isError: true,
    });
    expect(await callTool(downstreams, { server: 'oracle', tool: 'nothing' })).toEqual({
      kind: 'error',
      raw: '{"code":-32602,"message":"Unknown tool nothing"}',
    });
  });

  it('passes progress on and resets the time limit with it', async () => {
    const { downstreams } = start();
    await downstreams.ready();
    const progress: unknown[] = [];
    const outcome = await callTool(downstreams, {
      server: 'oracle',
      tool: 'slow',
      args: { ms: 20 },
      onProgress: (params) => progress.push(params),
    });
    expect(textOf(outcome)).toBe('done');
    expect(progress).toEqual([{ progress: 1, total: 2 }]);
  });

  it('is told of a cancellation, and the outcome is unknown once the call has left', async () => {
    const { downstreams, witness } = start();
    await downstreams.ready();
    const abort = new AbortController();
    const running = callTool(downstreams, {
      server: 'oracle',
      tool: 'slow',
      args: { ms: 60_000 },
      signal: abort.signal,
    });
    await eventually(() => readWitness(witness).length === 1);
    abort.abort();
    expect(await running).toEqual({ kind: 'unknown', reason: 'cancelled by the caller' });
    const never = await callTool(downstreams, {
      server: 'oracle',
      tool: 'echo',
      args: { text: '' },
      signal: abort.signal,
    });
    expect(never).toMatchObject({ kind: 'not_sent', code: 'cancelled' });
    expect(readWitness(witness)).toHaveLength(1);
  });

  it('sends nothing for a call that is cancelled within the turn in which it was made', async () => {
    const { downstreams, witness } = start();
    await downstreams.ready();
    const abort = new AbortController();
    const running = callTool(downstreams, {
      server: 'oracle',
      tool: 'pay',
      args: { amount_cents: 1, to: 'x' },
      signal: abort.signal,
    });
    abort.abort();
    expect(await running).toMatchObject({ kind: 'not_sent', code: 'cancelled' });
    await callTool(downstreams, { server: 'oracle', tool: 'echo', args: { text: 'after' } });
    expect(readWitness(witness)).toHaveLength(1);
  });

  it('leaves the outcome unknown when a call takes too long', async () => {
    const { downstreams } = start();
    await downstreams.ready();
    const outcome = await callTool(downstreams, {
      server: 'oracle',
      tool: 'slow',
      args: { ms: 60_000 },
      timeoutMs: 50,
    });
    expect(outcome).toMatchObject({ kind: 'unknown' });
  });

  it('is started again after a crash, whose call is unknown and is not repeated', async () => {
    const { downstreams, witness } = start();
    await downstreams.ready();
    const outcome = await callTool(downstreams, { server: 'oracle', tool: 'crash' });
    expect(outcome).toEqual({ kind: 'unknown', reason: 'its process ended with exit code 7' });
    expect(statusOf(downstreams, 'oracle').problem).toMatch(
      /exit code 7; it is tried again at .* \(in 0.5 s\)/,
    );
    expect(await callTool(downstreams, { server: 'oracle', tool: 'echo' })).toMatchObject({
      kind: 'not_sent',
    });
    await eventually(() => statusOf(downstreams, 'oracle').state === 'ready');
    expect(readWitness(witness)).toHaveLength(1);
    expect(
      textOf(await callTool(downstreams, { server: 'oracle', tool: 'echo', args: { text: 'back' } })),
    ).toBe('back');
  });

  it('keeps many calls apart that run at once', async () => {
    const { downstreams } = start();
    await downstreams.ready();
    const texts = Array.from({ length: 200 }, (_, index) => `text ${index}`);
    const outcomes = await Promise.all(
      texts.map((text) => callTool(downstreams, { server: 'oracle', tool: 'echo', args: { text } })),
    );
    expect(outcomes.map(textOf)).toEqual(texts);
  });
});
