import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { json, startFakeGateway } from '../sdk/fake-gateway.ts';
import { approvalDetailWire, approvalWire, entryWire } from '../sdk/wire-samples.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

function start(
  args: readonly string[],
  options: { node?: readonly string[]; env?: Record<string, string> } = {},
) {
  const child = spawn(process.execPath, [...(options.node ?? []), MAIN, ...args], {
    env: { PATH: process.env.PATH, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const written = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    written.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    written.stderr += chunk;
  });
  return { child, written };
}

async function finish({
  child,
  written,
}: {
  child: ChildProcess;
  written: { stdout: string; stderr: string };
}) {
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...written };
}

async function gatewayEnv() {
  const gateway = await startFakeGateway();
  onTestFinished(() => gateway[Symbol.asyncDispose]());
  return { gateway, env: { COUNTERSIGN_URL: gateway.origin, COUNTERSIGN_API_KEY: 'cs_k' } };
}

test('an older Node is told what to do and ends with 2', async () => {
  const older =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })";
  const { code, stdout, stderr } = await finish(
    start(['up'], { node: ['--import', `data:text/javascript,${older}`] }),
  );
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('needs Node 22.19 or newer, but this is Node 20.20.2');
});

test('the process prints data on stdout and ends with the exit code of the command', async () => {
  const { gateway, env } = await gatewayEnv();
  gateway.on('GET /v1/approvals/apr_1', json(200, approvalDetailWire));
  const { code, stdout } = await finish(start(['approval', 'approve', 'apr_1'], { env }));
  expect([code, stdout]).toEqual([5, `${approvalWire.url}\n`]);
});

test('a tail ends with 0 at Ctrl-C', async () => {
  const { gateway, env } = await gatewayEnv();
  gateway.on('GET /v1/logs/stream', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`id: 1\nevent: entry\ndata: ${JSON.stringify(entryWire(1))}\n\n`);
  });
  const tail = start(['logs', 'tail', '--json'], { env });
  await once(tail.child.stdout, 'data');
  tail.child.kill('SIGINT');
  const { code, stdout, stderr } = await finish(tail);
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual(entryWire(1));
});

test('the policy commands read the files of a folder', async () => {
  const absent = await finish(start(['policy', 'check', '/nonexistent/folder']));
  expect(absent.code).toBe(1);
  expect(absent.stderr).toContain('/nonexistent/folder cannot be read');
  const shipped = fileURLToPath(new URL('../../policies', import.meta.url));
  const explained = await finish(
    start([
      'policy',
      'explain',
      'sandbox/payments_refund',
      '--args',
      '{"invoice_id":"inv_1","amount_cents":7500}',
      '--policies',
      shipped,
      '--json',
    ]),
  );
  expect(JSON.parse(explained.stdout)).toMatchObject({ verdict: { effect: 'hold' } });
});
