import { rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startWitness } from '../../../src/app/start-witness.ts';
import type { RunningWitness } from '../../../src/cli/ports.ts';
import { LIMITS } from '../../../src/core/limits.ts';
import { openMemory } from '../../../src/ledger/witness/memory.ts';
import { temporaryFolder } from '../fixture.ts';
import { testLog } from './logs.ts';

const log = testLog();

async function start(): Promise<{ witness: RunningWitness; events: object[]; stateFile: string }> {
  const folder = temporaryFolder();
  const events: object[] = [];
  const stateFile = join(folder, 'witness.json');
  const witness = await startWitness({
    logs: [log.vkey],
    keyFile: join(folder, 'witness.key'),
    stateFile,
    name: 'witness.example/w1',
    host: '127.0.0.1',
    port: 0,
    onEvent: (event) => events.push(event),
  });
  onTestFinished(() => witness.close());
  return { witness, events, stateFile };
}

async function add(
  { url }: RunningWitness,
  body: string | Uint8Array<ArrayBuffer>,
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text: await response.text(),
  };
}

describe('a witness over HTTP', () => {
  it('answers 200 with a cosignature line, and every refusal with the status of the specification', async () => {
    const { witness, events } = await start();
    const cosigned = await add(witness, log.body(0, 12));
    expect(cosigned).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^— witness\.example\/w1 \S+\n$/),
    });
    expect(await add(witness, 'old 0\n')).toMatchObject({ status: 400 });
    expect(await add(witness, testLog({ key: 8 }).body(0, 3))).toMatchObject({ status: 403 });
    expect(await add(witness, testLog({ origin: 'other' }).body(0, 3))).toMatchObject({ status: 404 });
    expect(await add(witness, log.body(3, 20))).toEqual({
      status: 409,
      type: 'text/x.tlog.size',
      text: '12\n',
    });
    expect(await add(witness, testLog({ fork: 2 }).body(12, 20))).toMatchObject({ status: 422 });
    expect(events).toEqual([
      { event: 'cosigned', log: log.origin, size: 12 },
      { event: 'refused', status: 400, reason: expect.any(String) },
      { event: 'refused', status: 403, reason: expect.any(String) },
      { event: 'refused', status: 404, reason: expect.any(String) },
      { event: 'refused', status: 409, reason: 'it holds a checkpoint of size 12' },
      { event: 'refused', status: 422, reason: expect.any(String) },
    ]);
  });

  it('never goes back, however many checkpoints arrive at once', async () => {
    const { witness, stateFile } = await start();
    const sizes = Array.from({ length: 40 }, (_, index) => ((index * 7) % 40) + 1);
    const answers = await Promise.all(sizes.map((size) => add(witness, log.body(0, size))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const first = answers.findIndex(({ status }) => status === 200);
    const held = sizes[first] ?? 0;
    expect(openMemory(stateFile).held(log.origin)).toEqual({ size: held, root: log.root(held) });
    expect(new Set(answers.filter(({ status }) => status !== 200).map(({ text }) => text))).toEqual(
      new Set([`${held}\n`]),
    );
  });

  it('answers under whatever name it is reached', async () => {
    const { witness } = await start();
    const { port } = new URL(witness.url);
    const body = log.body(0, 5);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'witness.example', 'content-length': Buffer.byteLength(body) };
      const sent = request({ port, path: '/add-checkpoint', method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject);
      sent.end(body);
    });
    expect(status).toBe(200);
  });

  it('reads no body beyond its limit, none that is not UTF-8, and nothing at other places', async () => {
    const { witness, events } = await start();
    expect((await add(witness, 'x'.repeat(LIMITS.witnessRequestBytes + 1))).status).toBe(413);
    expect((await add(witness, new Uint8Array([0x6f, 0xff, 0x0a]))).status).toBe(400);
    expect((await fetch(`${witness.url}/add-checkpoint`)).status).toBe(405);
    expect((await fetch(`${witness.url}/`)).status).toBe(404);
    expect(events).toEqual([]);
  });

  it('says nothing of its files when it cannot write, but tells its operator', async () => {
    const { witness, events, stateFile } = await start();
    rmSync(stateFile);
    const answer = await add(witness, log.body(0, 5));
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain(stateFile);
    expect(events).toEqual([{ event: 'failed', reason: expect.stringContaining(stateFile) }]);
  });
});
