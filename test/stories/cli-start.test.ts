import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { connectV1, connectV2 } from '../support/agents.ts';
import { enrol } from '../support/approver.ts';
import { BASE_POLICY } from '../support/gateway.ts';
import { ndjson, openTerminal, oracleConfig, type Running, type Terminal } from './cli-terminal.ts';

const open: Terminal[] = [];

async function terminal(): Promise<Terminal & { readonly flags: string[] }> {
  const one = await openTerminal();
  open.push(one);
  const config = await one.write('mcp.json', oracleConfig(join(one.dir, 'witness.jsonl')));
  await one.write('policies/policy.yaml', BASE_POLICY);
  return { ...one, flags: ['--config', config, '--policies', join(one.dir, 'policies')] };
}

afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function linesUntil(running: Running, last: RegExp): Promise<string> {
  const lines: string[] = [];
  do lines.push(await running.line());
  while (!last.test(lines.at(-1) ?? ''));
  return lines.join('\n');
}

describe('the first start', () => {
  it('prints the key, the links, the session and the lines for each client, and Ctrl-C ends it with 0', async () => {
    const { start, dataDir, flags } = await terminal();
    const running = start(['up', '--port', '0', ...flags]);
    const screen = await linesUntil(running, /See it work/);
    const origin = /Dashboard\s+(http:\/\/localhost:\d+)\//.exec(screen)?.[1] ?? '';
    expect(origin).not.toBe('');
    expect(screen).toMatch(new RegExp(`Enrol\\s+${origin}/enrol#[A-Za-z0-9_-]{43}`));
    expect(screen).toMatch(/API key\s+cs_[A-Za-z0-9_-]{43}/);
    const token = /Header\s+Authorization: Bearer (cst_[A-Za-z0-9_-]{43})/.exec(screen)?.[1] ?? '';
    expect(screen).toContain(`${origin}/mcp/${token}`);
    expect(screen).toContain(
      `claude mcp add --transport http countersign ${origin}/mcp --header "Authorization: Bearer ${token}"`,
    );
    const link = /cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?name=countersign&config=(\S+)/.exec(
      screen,
    )?.[1];
    const shared = { url: `${origin}/mcp`, headers: { Authorization: `Bearer ${token}` } };
    expect(JSON.parse(Buffer.from(decodeURIComponent(link ?? ''), 'base64').toString())).toEqual(shared);
    expect(screen).toContain(JSON.stringify({ mcpServers: { countersign: shared } }));
    expect(screen).toMatch(/code --add-mcp '\{"name":"countersign","type":"http"/);
    for (const file of [
      'cli.json',
      'session.json',
      'enrol-url',
      'ledger.key',
      'payload.key',
      'countersign.db',
    ])
      expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, 0o600]);
    const client = await connectV1(shared);
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('pay');
    await client.close();

    const ended = await running.stop();
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining('Stopping')]);
  });

  it('with --json says ready on the first line, exactly so', async () => {
    const { up, flags } = await terminal();
    const { ready, readyLine, stop } = await up(...flags);
    expect(ready).toEqual({
      event: 'ready',
      origin: expect.stringMatching(/^http:\/\/localhost:\d+$/),
      api_key: expect.stringMatching(/^cs_[A-Za-z0-9_-]{43}$/),
      enrol_url: expect.stringMatching(/^http:\/\/localhost:\d+\/enrol#[A-Za-z0-9_-]{43}$/),
      session: {
        id: expect.stringMatching(/^ses_/),
        mcp: {
          url: `${ready.origin}/mcp`,
          headers: { Authorization: expect.stringMatching(/^Bearer cst_[A-Za-z0-9_-]{43}$/) },
        },
        expires_at: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/),
      },
    });
    const ended = await stop('SIGTERM');
    expect(ended.code).toBe(0);
    expect(ended.stdout.startsWith(`${readyLine}\n`)).toBe(true);
    const events = ndjson(ended).map((event) => event.event);
    expect([events[0], events.at(-1)]).toEqual(['ready', 'stopped']);
    expect(events).toContain('policy.loaded');
  });
});

describe('a second start', () => {
  it('reuses everything and prints no secret that is not new', async () => {
    const { up, flags, run, dataDir } = await terminal();
    const first = await up(...flags);
    const person = await enrol(first.ready.origin, first.ready.enrol_url);
    const client = await connectV2(first.ready.session.mcp, 'auto');
    const call = { name: 'pay', arguments: { amount_cents: 7_500, to: 'c_1' } };
    const held: any = await client.callTool(call);
    await client.close();
    await first.stop();

    const second = await up(...flags);
    expect(Object.keys(second.ready).sort()).toEqual(['event', 'origin', 'session']);
    expect(second.ready.session.id).toBe(first.ready.session.id);
    expect(second.ready.session.mcp.headers).toEqual(first.ready.session.mcp.headers);
    const again = await connectV2(second.ready.session.mcp, 'auto');
    const repeated: any = await again.callTool(call);
    await again.close();
    expect(repeated.structuredContent.approval_id).toBe(held.structuredContent.approval_id);

    const kept = JSON.parse(readFileSync(join(dataDir, 'cli.json'), 'utf8'));
    expect(kept).toEqual({ origin: second.ready.origin, api_key: first.ready.api_key });
    const people = await run(['approver', 'list', '--json']);
    expect(ndjson(people)[0].data.map((one: { id: string }) => one.id)).toEqual([person.id]);
    expect((await run(['logs', 'verify'])).code).toBe(0);
    await second.stop();
  });

  it('keeps the enrol link as long as it works, and makes another only when asked', async () => {
    const { up, flags, dataDir } = await terminal();
    const file = join(dataDir, 'enrol-url');
    const first = await up(...flags);
    await first.stop();
    const second = await up(...flags);
    expect(second.ready).not.toHaveProperty('enrol_url');
    expect(readFileSync(file, 'utf8').trim()).toBe(first.ready.enrol_url);
    await second.stop();

    const third = await up(...flags, '--new-enrol-link');
    expect(readFileSync(file, 'utf8').trim()).toBe(third.ready.enrol_url);
    await expect(enrol(third.ready.origin, first.ready.enrol_url)).rejects.toThrow(
      'used, expired or withdrawn',
    );
    await enrol(third.ready.origin, third.ready.enrol_url);
    await third.stop();
    expect(existsSync(file)).toBe(false);

    const fourth = await up(...flags, '--new-enrol-link');
    expect(fourth.ready).not.toHaveProperty('enrol_url');
    expect(existsSync(file)).toBe(false);
  });
});

describe('Ctrl-C', () => {
  it('lets a call that is under way come to its end', async () => {
    const { up, flags } = await terminal();
    const { ready, stop } = await up(...flags);
    const client = await connectV1(ready.session.mcp);
    const begun = Promise.withResolvers<void>();
    const slow = client.callTool({ name: 'slow', arguments: { ms: 600 } }, undefined, {
      onprogress: () => begun.resolve(),
    });
    await begun.promise;
    const stopped = stop();
    const result: any = await slow;
    expect(result.content[0].text).toBe('done');
    expect((await stopped).code).toBe(0);
  });
});

describe('a start that is not safe or not possible', () => {
  it('is refused while another process has the data directory', async () => {
    const { up, run, flags, dataDir } = await terminal();
    const first = await up(...flags);
    const second = await run(['up', '--json', '--port', '0', ...flags]);
    expect([second.code, second.stdout]).toEqual([1, '']);
    expect(second.stderr).toContain(`${dataDir} is in use by another countersign process`);
    expect(second.stderr).toContain('--data-dir');
    expect((await fetch(`${first.ready.origin}/readyz`)).status).toBe(200);
  });

  it('is refused on a port that is taken, and says which to use', async () => {
    const { run, flags } = await terminal();
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const refused = await run(['up', '--port', String(port), ...flags]);
    server.close();
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(new RegExp(`Port ${port} on .* is taken`));
    expect(refused.stderr).toContain('--port 0');
  });

  it.each([
    [
      'an address that others reach',
      'log: { level: warn }\nlisten:\n  host: 0.0.0.0\n',
      ':3',
      'public_origin',
    ],
    ['an unknown key', 'listen:\n  hosts: 127.0.0.1\n', ':2', 'hosts'],
    ['a public origin without TLS', 'public_origin: http://gateway.example.com\n', ':1', 'https://'],
    ['a doubled key', 'log: { level: warn }\nlog: { level: info }\n', ':2', 'unique'],
    [
      'a variable that is not set',
      `mcp_servers:\n  a:\n    command: "\${NO_SUCH_VARIABLE}"\n`,
      ':3',
      'NO_SUCH_VARIABLE',
    ],
  ])('is refused with %s, by file and line', async (_, text, line, named) => {
    const { run, write, dataDir } = await terminal();
    const file = await write('countersign.yaml', text);
    const refused = await run(['up', '--json', '--port', '0', '--config', file]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    const problem = JSON.parse(refused.stderr.trim().split('\n').at(-1) ?? '').error;
    expect(problem.code).toBe('config_invalid');
    expect(problem.detail).toContain(`${file}${line}`);
    expect(problem.detail).toContain(named);
    expect(existsSync(join(dataDir, 'countersign.db'))).toBe(false);
  });

  it('is refused with a policy that does not load, by file, line and column', async () => {
    const { run, write, flags } = await terminal();
    const file = await write(
      'policies/broken.yaml',
      'version: 1\nrules:\n  - id: a\n    match: { tools: ["x"] }\n    effect: permit\n',
    );
    const refused = await run(['up', '--json', '--port', '0', ...flags]);
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/broken\.yaml:5:\d+/);
    expect(file).toContain('broken.yaml');
  });
});
