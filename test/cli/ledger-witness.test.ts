import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { CliDeps, RunningWitness, WitnessStart } from '../../src/cli/ports.ts';
import { openTerminal } from './run-command.ts';

const RUNNING: RunningWitness = {
  url: 'http://127.0.0.1:8421',
  vkey: 'w+01234567+BA==',
  logs: ['log.example/a'],
  close: async () => undefined,
};

/** A witness that tells of two answers, and a person who then ends it. */
function witnessDeps(): { starts: WitnessStart[]; deps: Partial<CliDeps> } {
  const starts: WitnessStart[] = [];
  const interrupt: { now?: () => void } = {};
  return {
    starts,
    deps: {
      startWitness: async (start) => {
        starts.push(start);
        queueMicrotask(() => {
          start.onEvent({ event: 'cosigned', log: 'log.example/a', size: 9 });
          start.onEvent({ event: 'refused', status: 422, reason: 'the proof\u001b[31m is wrong' });
          setImmediate(() => interrupt.now?.());
        });
        return RUNNING;
      },
      onSignal: (listener) => {
        interrupt.now = listener;
        return () => undefined;
      },
    },
  };
}

test('a witness is started with absolute files and tells its address, its key and each answer', async () => {
  const { dir, run } = await openTerminal();
  const { starts, deps } = witnessDeps();
  const line = 'ledger witness --log a+1+x --log b+2+y --key w.key --listen [::1]:0 --name w.example/w1';
  const { code, stdout, stderr } = await run(line, deps);
  expect(code).toBe(0);
  expect(starts).toMatchObject([
    {
      logs: ['a+1+x', 'b+2+y'],
      keyFile: join(dir, 'w.key'),
      stateFile: join(dir, 'w.key.state.json'),
      name: 'w.example/w1',
      host: '::1',
      port: 0,
    },
  ]);
  expect(stdout).toContain('- { url: "http://127.0.0.1:8421", vkey: "w+01234567+BA==" }');
  expect(stderr).toContain('cosigned log.example/a, 9 entries');
  expect(stderr).toContain('refused 422: the proof');
  expect(stderr).not.toContain('\u001b[31m');
});

test('a witness with --json prints one object for each thing that happens, where it is first of all', async () => {
  const { dir, run } = await openTerminal();
  const { starts, deps } = witnessDeps();
  const ran = await run('ledger witness --log a+1+x --key w.key --state seen.json --json', deps);
  expect(ran.json()).toEqual([
    { event: 'ready', url: RUNNING.url, vkey: RUNNING.vkey, logs: RUNNING.logs },
    { event: 'cosigned', log: 'log.example/a', size: 9 },
    { event: 'refused', status: 422, reason: expect.any(String) },
    { event: 'stopped' },
  ]);
  expect(starts[0]).toMatchObject({ stateFile: join(dir, 'seen.json'), host: '127.0.0.1', port: 8421 });
  expect(starts[0]?.name).toMatch(/^[^\s+]+\/witness$/);
});

test.each(['localhost', ':8421', '127.0.0.1:99999', '::1:8421'])(
  'a witness that is to listen on %s is told how a place is written',
  async (place) => {
    const { run } = await openTerminal();
    const { code, stderr } = await run(`ledger witness --log a+1+x --key w.key --listen ${place}`);
    expect(code).toBe(2);
    expect(stderr).toContain('--listen: expected host:port such as 127.0.0.1:8421');
  },
);

test('a witness without a log or a key is a usage error', async () => {
  const { run } = await openTerminal();
  expect((await run('ledger witness --key w.key')).stderr).toContain('--log');
  expect((await run('ledger witness --log a+1+x')).stderr).toContain('--key');
});
