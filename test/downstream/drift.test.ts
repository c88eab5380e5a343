import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { definitionHash } from '../../src/core/tool-definition.ts';
import type { Timers } from '../../src/downstream/link.ts';
import {
  callTool,
  startDownstreams,
  statusOf,
  temporaryFolder,
  toolOf,
} from '../support/downstreams/harness.ts';
import { stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));
const RELIST = { name: 'relist', inputSchema: { type: 'object' } };
const ENV = { name: 'env', description: 'Says what it can see.', inputSchema: { type: 'object' } };
const CHANGED = { ...ENV, description: 'Says it to somebody else.' };
const JUDGED = { tool: 'env', hash: definitionHash(ENV) };

/** A server in a process of its own whose tools the test changes, and a clock that the test moves. */
async function start(manner: 'normal' | 'modern') {
  const settings = join(temporaryFolder(), 'settings.json');
  const write = (content: object) => writeFileSync(settings, JSON.stringify(content));
  const offer = (...tools: JsonObject[]) => write({ tools: [RELIST, ...tools] });
  offer(ENV);
  const clock = { ahead: 0 };
  const timers: Timers = {
    now: () => performance.now() + clock.ahead,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return { cancel: () => clearTimeout(timer) };
    },
  };
  const server = stdioServer({ name: 'shifty', args: [UNRULY, settings, manner] });
  const downstreams = startDownstreams([server], { timers });
  await downstreams.ready();
  return {
    downstreams,
    offer,
    write,
    grow: (ms: number) => {
      clock.ahead += ms;
    },
    relist: () => callTool(downstreams, { server: 'shifty', tool: 'relist' }),
    call: (more: { stillAllowed?: () => boolean } = {}) =>
      callTool(downstreams, { server: 'shifty', tool: 'env', judged: JUDGED, ...more }),
  };
}

describe.each(['normal', 'modern'] as const)('a tool of a server that is %s', (manner) => {
  it('runs while its definition is the one that the call was judged by', async () => {
    const { call, grow } = await start(manner);
    expect(await call()).toMatchObject({ kind: 'result', isError: false });
    grow(LIMITS.toolListMaxAgeMs);
    expect(await call()).toMatchObject({ kind: 'result', isError: false });
  });

  it('that changes without a word is found out by the first call after the list has grown old', async () => {
    const { downstreams, offer, call, grow } = await start(manner);
    offer(CHANGED);
    grow(LIMITS.toolListMaxAgeMs);
    expect(await call()).toEqual({
      kind: 'not_sent',
      code: 'tool_quarantined',
      reason: expect.stringContaining('An operator must review and accept the new definition'),
    });
    expect(toolOf(downstreams, 'env')?.state).toBe('quarantined');
    expect(await call()).toMatchObject({ kind: 'not_sent' });
    await downstreams.accept({ server: 'shifty', tool: 'env', by: 'person:per_1' });
    const again = { server: 'shifty', tool: 'env', judged: { tool: 'env', hash: definitionHash(CHANGED) } };
    expect(await callTool(downstreams, again)).toMatchObject({ kind: 'result' });
    // What was judged by the former definition is not sent under the new one.
    expect(await call()).toMatchObject({ kind: 'not_sent', code: 'tool_quarantined' });
  });

  it('that changes without a word is found out when its list is asked for', async () => {
    const { downstreams, offer, call } = await start(manner);
    offer(CHANGED);
    await downstreams.reread('shifty');
    expect(toolOf(downstreams, 'env')?.state).toBe('quarantined');
    expect(await call()).toMatchObject({ kind: 'not_sent', code: 'tool_quarantined' });
    await downstreams.reread('no such server');
  });

  it('that is no longer offered is not called', async () => {
    const { downstreams, offer, call } = await start(manner);
    offer();
    await downstreams.reread('shifty');
    expect(await call()).toMatchObject({ kind: 'not_sent', code: 'tool_quarantined' });
  });

  it('is not called when the list cannot be read again', async () => {
    const { downstreams, write, call, grow } = await start(manner);
    write({ tools: [ENV], endless: true });
    grow(LIMITS.toolListMaxAgeMs);
    expect(await call()).toMatchObject({ kind: 'not_sent', code: 'downstream_unavailable' });
    expect(statusOf(downstreams, 'shifty').state).toBe('down');
  });

  it('is not called when the session ended while its list was read', async () => {
    const { call, grow } = await start(manner);
    const asked = { early: true };
    grow(LIMITS.toolListMaxAgeMs);
    const outcome = call({ stillAllowed: () => asked.early });
    asked.early = false;
    expect(await outcome).toMatchObject({ kind: 'not_sent', code: 'cancelled' });
  });
});

it('a call that follows the announcement of a change waits for the list, and is refused', async () => {
  const { downstreams, offer, relist, call } = await start('normal');
  offer(CHANGED);
  await relist();
  expect(await call()).toMatchObject({ kind: 'not_sent', code: 'tool_quarantined' });
  expect(toolOf(downstreams, 'env')?.state).toBe('quarantined');
});
