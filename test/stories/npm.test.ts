import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)(
  'a gateway that npm has started ends in good order when npm gets %s',
  async (signal) => {
    const dir = await mkdtemp(join(tmpdir(), 'countersign-npm-'));
    await writeFile(join(dir, 'mcp.json'), '{"mcpServers":{}}');
    const args = [
      '--json',
      '--port',
      '0',
      '--data-dir',
      join(dir, 'data'),
      '--config',
      join(dir, 'mcp.json'),
    ];
    const npm = spawn('npm', ['run', '-s', 'countersign', '--', 'up', ...args], {
      cwd: ROOT,
      env: { ...process.env, COUNTERSIGN_DEMO: 'false' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const events: string[] = [];
    // The gateway inherits the pipe, so that its end is the gateway's end, whatever has become of npm.
    for await (const line of createInterface({ input: npm.stdout })) {
      const { event } = JSON.parse(line) as { event: string };
      events.push(event);
      if (event === 'ready') npm.kill(signal);
    }
    expect(events[0]).toBe('ready');
    expect(events.at(-1)).toBe('stopped');
    await rm(dir, { recursive: true, force: true });
  },
);
