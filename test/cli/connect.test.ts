import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeEndpoint } from '../../src/downstream/probe-endpoint.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { openTerminal } from './run-command.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

async function terminal() {
  const { dir, run } = await openTerminal({
    COUNTERSIGN_URL: gateway.app.origin,
    COUNTERSIGN_API_KEY: gateway.apiKey,
  });
  const probeMcp = (access: { url: string; headers: Readonly<Record<string, string>> }) =>
    probeEndpoint({ ...access, version: '9.9.9' });
  const connect = (line: string) => run(`connect ${line}`, { probeMcp });
  return { dir, connect, file: join(dir, '.mcp.json') };
}

describe('connect', () => {
  it('prints what to paste for one client, with a session that it made, and says how many tools answer', async () => {
    const { connect, dir } = await terminal();
    const { code, stdout } = await connect('claude --user ann --ttl 2h --tools oracle/echo');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /claude mcp add --transport http countersign \S+\/mcp --header "Authorization: Bearer cst_/,
    );
    expect(stdout).not.toContain('Cursor');
    // The tool that was granted, and the gateway's own ones.
    expect(stdout).toMatch(/answers with [1-9]\d* tools? \(20\d\d-/);
    expect(await readdir(dir)).toEqual([]);
    const { body } = await gateway.api('GET', '/v1/sessions?subject=ann');
    expect(body.data[0]).toMatchObject({ tools: ['oracle/echo'], labels: { made_by: 'connect' } });
  });

  it('writes the file for its owner alone, and a second time only what has changed, beside a copy', async () => {
    const { connect, dir, file } = await terminal();
    await writeFile(file, '{ "mcpServers": { "mine": { "command": "x" } } } // end');
    await chmod(file, 0o640);
    const first = await connect('claude --write');
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).not.toMatch(/cst_[A-Za-z0-9]/);
    expect(first.stderr).toContain('out of version control');
    expect(await readFile(`${file}.backup-1`, 'utf8')).toContain('// end');
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(/"mine": \{ "command": "x" \},\n/);
    await connect('claude --write');
    expect((await readdir(dir)).sort()).toEqual(['.mcp.json', '.mcp.json.backup-1', '.mcp.json.backup-2']);
    expect(await readFile(`${file}.backup-2`, 'utf8')).toBe(text);
  });

  it('makes a file that is not there for its owner alone', async () => {
    const { connect, dir } = await terminal();
    expect((await connect('vscode --write')).code).toBe(0);
    const file = join(dir, '.vscode', 'mcp.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      servers: { countersign: { type: 'http', url: `${gateway.app.origin}/mcp` } },
    });
  });

  it('follows a symbolic link to the file that is meant', async () => {
    const { connect, dir, file } = await terminal();
    await mkdir(join(dir, 'dotfiles'));
    await writeFile(join(dir, 'dotfiles', 'mcp.json'), '{}');
    await symlink(join(dir, 'dotfiles', 'mcp.json'), file);
    expect((await connect('claude --write')).code).toBe(0);
    expect(await readFile(join(dir, 'dotfiles', 'mcp.json'), 'utf8')).toContain('countersign');
  });

  it('leaves a malformed file as it is, and says where it is wrong', async () => {
    const { connect, dir, file } = await terminal();
    await writeFile(file, '{\n  "mcpServers": {},\n}');
    const { code, stderr } = await connect('claude --write');
    expect([code, stderr]).toEqual([2, expect.stringContaining('.mcp.json:3')]);
    expect(await readFile(file, 'utf8')).toBe('{\n  "mcpServers": {},\n}');
    expect(await readdir(dir)).toEqual(['.mcp.json']);
  });

  it('takes a session that is there by its secret URL, and puts the token into a header', async () => {
    const { connect } = await terminal();
    const { secretUrl } = gateway.app.session.mcp;
    const ran = await connect(`cursor --session-url ${secretUrl} --json`);
    expect(ran.json()).toMatchObject([
      {
        client: 'cursor',
        written: false,
        definition: gateway.app.session.mcp.headers ? { url: `${gateway.app.origin}/mcp` } : {},
        session: null,
        check: { ok: true, kind: 'answers', era: 'modern' },
      },
    ]);
  });

  it('writes nothing for a session that has ended', async () => {
    const { connect, dir } = await terminal();
    const minted = await gateway.api('POST', '/v1/sessions', {});
    await gateway.api('POST', `/v1/sessions/${minted.body.id}/revoke`, {});
    const { code, stdout, stderr } = await connect(
      `cursor --session-url ${minted.body.mcp.secret_url} --write`,
    );
    expect([code, await readdir(dir)]).toEqual([1, []]);
    expect(stdout).toContain('unknown, has expired or was revoked');
    expect(stderr).toContain('countersign doctor');
  });

  it('by plain address holds no token, and is right when the gateway asks the client to log in', async () => {
    const { connect, file } = await terminal();
    const { code, stdout } = await connect('claude --oauth --write');
    expect([code, stdout]).toEqual([0, expect.stringContaining('asks the client to log in')]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      mcpServers: { countersign: { type: 'http', url: `${gateway.app.origin}/mcp` } },
    });
  });

  it.each([
    ['claude --oauth --user ann', 'not several'],
    ['claude --session-url http://localhost/mcp', '--session-url'],
    ['claude --name $(x)', '--name'],
    ['emacs', 'claude, cursor, vscode'],
  ])('%s is refused with what was expected', async (line, expected) => {
    const { connect } = await terminal();
    const { code, stderr } = await connect(line);
    expect([code, stderr]).toEqual([2, expect.stringContaining(expected)]);
  });
});
