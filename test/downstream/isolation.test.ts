import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Downstreams } from '../../src/downstream/catalog.ts';
import { backoffMs } from '../../src/downstream/keep.ts';
import {
  callTool,
  eventually,
  memoryLog,
  startDownstreams,
  statusOf,
  temporaryFolder,
  textOf,
} from '../support/downstreams/harness.ts';
import { oracleServer, stdioServer } from '../support/downstreams/oracle.ts';

const UNRULY = fileURLToPath(new URL('../support/downstreams/unruly-main.ts', import.meta.url));

function unruly(manner = 'normal', settings = '') {
  return stdioServer({ name: 'unruly', args: [UNRULY, settings, manner] });
}

async function start(manner = 'normal', more: Parameters<typeof startDownstreams>[1] = {}) {
  const witness = join(temporaryFolder(), 'witness');
  const downstreams = startDownstreams([unruly(manner), oracleServer({ witness })], more);
  await downstreams.ready();
  return downstreams;
}

async function oracleStillAnswers(downstreams: Downstreams): Promise<void> {
  expect(statusOf(downstreams, 'oracle')).toMatchObject({ state: 'ready', problem: undefined });
  expect(
    textOf(await callTool(downstreams, { server: 'oracle', tool: 'echo', args: { text: 'well' } })),
  ).toBe('well');
}

describe('a server that misbehaves', () => {
  it.each([
    ['huge', /a line of more than 16777216 bytes/],
    ['noise', /more than 100 lines that are not JSON-RPC/],
  ])('by "%s" is cut off alone, its call is unknown, and it is started again', async (tool, reason) => {
    const downstreams = await start();
    const other = callTool(downstreams, { server: 'oracle', tool: 'slow', args: { ms: 300 } });
    const outcome = await callTool(downstreams, { server: 'unruly', tool });
    expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringMatching(reason) });
    expect(textOf(await other)).toBe('done');
    await oracleStillAnswers(downstreams);
    await eventually(() => statusOf(downstreams, 'unruly').state === 'ready');
    expect(textOf(await callTool(downstreams, { server: 'unruly', tool: 'double' }))).toBe('first');
  });

  it('by flooding stderr is slowed down, and few lines of it reach the log', async () => {
    const log = memoryLog();
    const downstreams = await start('normal', { log });
    const flooded = callTool(downstreams, { server: 'unruly', tool: 'flood' });
    await oracleStillAnswers(downstreams);
    expect(textOf(await flooded)).toBe('flooded');
    const written = log.lines.filter(({ fields }) => 'stderr' in fields);
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThan(20 * 30);
    expect(
      written.every(({ level, fields }) => level === 'debug' && String(fields.stderr).length <= 500),
    ).toBe(true);
  });

  it('by answering late or twice has those answers dropped', async () => {
    const downstreams = await start();
    expect(textOf(await callTool(downstreams, { server: 'unruly', tool: 'double' }))).toBe('first');
    const late = await callTool(downstreams, { server: 'unruly', tool: 'late', timeoutMs: 40 });
    expect(late).toMatchObject({ kind: 'unknown' });
    const release = await callTool(downstreams, { server: 'unruly', tool: 'late', args: { release: true } });
    expect(textOf(release)).toBe('released');
  });

  it('by writing bytes that are not UTF-8 has that line ignored', async () => {
    const downstreams = await start();
    expect(textOf(await callTool(downstreams, { server: 'unruly', tool: 'mojibake' }))).toBe('fine');
  });

  it('by not reading its input gets no more than is allowed to wait, and the rest is not sent', async () => {
    const downstreams = await start();
    expect(textOf(await callTool(downstreams, { server: 'unruly', tool: 'swallow' }))).toBe('swallowing');
    const args = { text: 'x'.repeat(9 * 1024 * 1024) };
    const first = callTool(downstreams, { server: 'unruly', tool: 'hang', args, timeoutMs: 400 });
    const second = callTool(downstreams, { server: 'unruly', tool: 'hang', args, timeoutMs: 400 });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const third = await callTool(downstreams, { server: 'unruly', tool: 'hang', args: {} });
    expect(third).toMatchObject({ kind: 'not_sent', reason: 'it does not read its input' });
    expect(await first).toMatchObject({ kind: 'unknown' });
    expect(await second).toMatchObject({ kind: 'unknown' });
  });

  it('is ended whole when it is cut off, even when it ignores SIGTERM', async () => {
    const downstreams = await start();
    const pid = Number(textOf(await callTool(downstreams, { server: 'unruly', tool: 'stubborn' })));
    await callTool(downstreams, { server: 'unruly', tool: 'noise' });
    await eventually(() => {
      try {
        return !process.kill(pid, 0);
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ESRCH';
      }
    });
    expect(statusOf(downstreams, 'unruly').state).toBe('ready');
  });

  it('by writing garbage from the start never gets ready, and says why', async () => {
    const downstreams = await start('garbage');
    expect(statusOf(downstreams, 'unruly')).toMatchObject({
      state: 'down',
      problem: expect.stringContaining('not JSON-RPC'),
    });
    await oracleStillAnswers(downstreams);
  });

  it('may greet with a banner', async () => {
    expect(statusOf(await start('banner'), 'unruly').state).toBe('ready');
  });

  it('may end when asked for its revision, and is then taken for a legacy one', async () => {
    expect(statusOf(await start('exits-on-discover'), 'unruly')).toMatchObject({
      state: 'ready',
      era: 'legacy',
    });
  });

  it('may speak 2026-07-28 over stdio', async () => {
    const downstreams = await start('modern');
    expect(statusOf(downstreams, 'unruly')).toMatchObject({ state: 'ready', era: 'modern' });
    expect(textOf(await callTool(downstreams, { server: 'unruly', tool: 'double' }))).toBe('first');
  });

  it('that cannot be started is reported with the place of its definition', async () => {
    const downstreams = startDownstreams([
      stdioServer({ name: 'ghost', args: [], command: '/nowhere/ghost' }),
    ]);
    await downstreams.ready();
    const { problem } = statusOf(downstreams, 'ghost');
    expect(problem).toContain('"/nowhere/ghost" could not be started');
    expect(problem).toContain('check "command" at test.json:1');
  });

  it('whose pages do not end is not listed', async () => {
    const settings = join(temporaryFolder(), 'settings.json');
    writeFileSync(settings, JSON.stringify({ endless: true }));
    const downstreams = startDownstreams([unruly('normal', settings)]);
    await downstreams.ready();
    expect(statusOf(downstreams, 'unruly').problem).toContain('its pages do not end');
  });
});

describe('closing', () => {
  it('ends a child that ignores SIGTERM, and leaves no process', async () => {
    const downstreams = await start();
    const pid = Number(textOf(await callTool(downstreams, { server: 'unruly', tool: 'stubborn' })));
    expect(process.kill(pid, 0)).toBe(true);
    await downstreams.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('while a server is still starting ends that too', async () => {
    const downstreams = startDownstreams([unruly('never')]);
    await downstreams.close();
    expect(statusOf(downstreams, 'unruly')).toMatchObject({ tools: 0 });
  });
});

describe('a child process', () => {
  it('sees the allow-listed environment and its own, and nothing else of ours', async () => {
    const spawnEnv = {
      PATH: process.env.PATH,
      HOME: '/home/x',
      SECRET_TOKEN: 'canary',
      AWS_SECRET: 'canary',
    };
    const server = { ...unruly(), env: { GIVEN: 'yes', HOME: '/elsewhere' } };
    const downstreams = startDownstreams([server], { spawnEnv });
    await downstreams.ready();
    const seen = JSON.parse(textOf(await callTool(downstreams, { server: 'unruly', tool: 'env' })));
    expect(seen).toEqual({ PATH: process.env.PATH, HOME: '/elsewhere', GIVEN: 'yes' });
  });
});

describe('the pause before the next attempt', () => {
  it('doubles and is bounded', () => {
    expect([1, 2, 3, 4].map(backoffMs)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(backoffMs(50)).toBe(60_000);
  });
});
