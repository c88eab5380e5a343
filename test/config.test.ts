// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files refer to variables in this form
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ConfigInput, loadConfig } from '../src/config.ts';
import { temporaryFolder } from './support/downstreams/harness.ts';

function load(yaml: string, more: Partial<ConfigInput> = {}, name = 'countersign.yaml') {
  const folder = temporaryFolder();
  const configFile = join(folder, name);
  writeFileSync(configFile, yaml);
  return loadConfig({ configFile, dataDir: join(folder, 'data'), env: {}, ...more });
}

/** The message of a refusal, with the folder cut from it. */
function refusal(yaml: string, more: Partial<ConfigInput> = {}, name?: string): string {
  try {
    load(yaml, more, name);
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid' });
    return (error as Error).message.replaceAll(/\/[^ :]*\/(?=[^/ ]*\.(?:yaml|json))/g, '');
  }
  throw new Error('was not refused');
}

const SERVER = 'mcp_servers: { one: { command: node } }';

describe('drafts', () => {
  it('are off until they are named', () => {
    expect(load(SERVER).experimental).toEqual([]);
    expect(load(`${SERVER}\nexperimental: [access-requests]`).experimental).toEqual(['access-requests']);
  });

  it('that do not exist are refused with their place and those that do', () => {
    const expected = 'expected a list of experiments; there is access-requests';
    expect(refusal(`${SERVER}\nexperimental:\n  - access-requests\n  - everything`)).toContain(
      `countersign.yaml:4: experimental[1]: ${expected}`,
    );
    expect(refusal(`${SERVER}\nexperimental: access-requests`)).toContain(
      `countersign.yaml:2: experimental: ${expected}`,
    );
  });
});

describe('the attestation of new passkeys', () => {
  it('is not asked for unless the file or the environment says so, and nothing else is understood', () => {
    const direct = `${SERVER}\npasskeys: { attestation: direct }`;
    expect(load(SERVER).attestation).toBe('none');
    expect(load(direct).attestation).toBe('direct');
    expect(load(direct, { env: { COUNTERSIGN_PASSKEYS_ATTESTATION: 'none' } }).attestation).toBe('none');
    expect(refusal(`${SERVER}\npasskeys: { attestation: enterprise }`)).toContain(
      'countersign.yaml:2: passkeys.attestation: expected one of none, direct',
    );
    expect(refusal(`${SERVER}\npasskeys: { atestation: direct }`)).toContain('atestation');
  });
});

describe('the configuration', () => {
  it('without a file listens on loopback, with the sandbox company and a file server behind it', () => {
    const dataDir = join(temporaryFolder(), 'data');
    const config = loadConfig({ dataDir, env: {} });
    expect(config).toMatchObject({
      host: '127.0.0.1',
      dataDir,
      sessionTtlMs: 3_600_000,
      logLevel: 'warn',
      trustedProxy: false,
      allowedOrigins: [],
      allowedHosts: [],
      files: [],
    });
    expect(config.publicOrigin).toBeUndefined();
    expect(config.servers.map(({ name, kind }) => [name, kind])).toEqual([
      ['sandbox', 'stdio'],
      ['files', 'stdio'],
    ]);
    expect(existsSync(join(config.policiesDir, '00-default.yaml'))).toBe(true);
    expect(readFileSync(join(dataDir, 'files', 'welcome.txt'), 'utf8')).toContain('Welcome');
    writeFileSync(join(dataDir, 'files', 'welcome.txt'), 'mine');
    loadConfig({ dataDir, env: {} });
    expect(readFileSync(join(dataDir, 'files', 'welcome.txt'), 'utf8')).toBe('mine');
  });

  it('takes every setting from a file', () => {
    const config = load(
      `
listen: { host: 127.0.0.2, port: 9000 }
public_origin: https://gate.example.com
policies: rules
allowed_origins: [https://app.example.com]
allowed_hosts: [gate.internal]
sessions: { default_ttl: 30m }
log: { level: debug }
trusted_proxy: true
mcp_servers:
  mail: { url: "https://mail.example.com/mcp", headers: { authorization: "Bearer \${TOKEN}" }, prefix: mail }
`,
      { env: { TOKEN: 'canary' } },
    );
    expect(config).toMatchObject({
      host: '127.0.0.2',
      port: 9000,
      publicOrigin: 'https://gate.example.com',
      allowedOrigins: ['https://app.example.com'],
      allowedHosts: ['gate.internal'],
      sessionTtlMs: 1_800_000,
      logLevel: 'debug',
      trustedProxy: true,
    });
    expect(config.policiesDir).toMatch(/\/rules$/);
    expect(config.servers).toMatchObject([
      { name: 'mail', kind: 'http', headers: { authorization: 'Bearer canary' }, prefix: 'mail' },
    ]);
  });

  it('prefers the command line to the environment, and that to the file', () => {
    const yaml = `listen: { port: 1 }\n${SERVER}`;
    expect(load(yaml).port).toBe(1);
    expect(load(yaml, { env: { COUNTERSIGN_PORT: '2' } }).port).toBe(2);
    expect(load(yaml, { env: { COUNTERSIGN_PORT: '2' }, port: 0 }).port).toBe(0);
  });

  it('takes an MCP client file in its place, for servers only', () => {
    const json = '{ "mcpServers": { "one": { "command": "node", "args": ["x.js"] } } }';
    const config = load(json, {}, 'mcp.json');
    expect(config.servers).toMatchObject([{ name: 'one', kind: 'stdio', command: 'node', args: ['x.js'] }]);
    const vscode =
      '{\n\t// comment\n\t"servers": { "two": { "type": "sse", "url": "http://127.0.0.1:1/sse" }, },\n}';
    expect(load(vscode, {}, 'mcp.json').servers).toMatchObject([{ name: 'two', kind: 'sse' }]);
  });

  it('reads further files of servers, relative to its own place', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'more'));
    writeFileSync(join(folder, 'more/mcp.json'), '{ "mcpServers": { "extra": { "command": "x" } } }');
    const configFile = join(folder, 'countersign.yaml');
    writeFileSync(configFile, `${SERVER}\nmcp_servers_files: [more/mcp.json]\ndemo: true\n`);
    const config = loadConfig({ configFile, dataDir: join(folder, 'data'), env: {} });
    expect(config.servers.map(({ name }) => name)).toEqual(['one', 'extra', 'sandbox', 'files']);
    expect(config.files).toEqual([configFile, join(folder, 'more/mcp.json')]);
  });
});

describe('a configuration that cannot be followed is refused with file, line and what was expected', () => {
  it.each([
    [
      'an unknown key',
      `${SERVER}\nlissten: { port: 1 }`,
      'countersign.yaml:2: lissten: unknown key; did you mean "listen"?.',
    ],
    [
      'an unknown inner key',
      `listen:\n  host: x\n  prot: 1`,
      'countersign.yaml:3: listen.prot: unknown key; did you mean "port"?.',
    ],
    ['a repeated key', 'demo: true\ndemo: false', 'countersign.yaml:2: Map keys must be unique.'],
    [
      'a wrong port',
      'listen:\n  port: 70000',
      'countersign.yaml:2: listen.port: expected a port between 0 and 65535.',
    ],
    [
      'a wrong time',
      'sessions: { default_ttl: 1 year }',
      'countersign.yaml:1: sessions.default_ttl: expected a time such as "30m"',
    ],
    [
      'a wrong level',
      'log: { level: loud }',
      'countersign.yaml:1: log.level: expected one of trace, debug, info',
    ],
    [
      'a list that is none',
      'allowed_hosts: 5',
      'countersign.yaml:1: allowed_hosts: expected a list of texts.',
    ],
    ['an alias', 'listen: &a { port: 1 }\nlog: *a', 'countersign.yaml:2: aliases (*name) are not accepted'],
    ['broken YAML', 'listen: [', 'countersign.yaml:1: '],
  ])('%s', (_what, yaml, message) => {
    expect(refusal(yaml)).toContain(message);
  });

  it('a public address without a safe way to it', () => {
    expect(refusal(`listen:\n  host: 0.0.0.0\n${SERVER}`)).toMatch(
      /^countersign.yaml:2: listen.host: "0.0.0.0" is reachable from other machines; set public_origin/,
    );
    expect(refusal(`listen: { host: 0.0.0.0 }\npublic_origin: http://gate.example.com\n${SERVER}`)).toContain(
      'expected https://',
    );
    expect(refusal(`listen: { host: "::" }\ntrusted_proxy: true\n${SERVER}`)).toContain('reachable');
    expect(refusal(SERVER, { env: { COUNTERSIGN_HOST: '0.0.0.0' } })).toMatch(
      /^COUNTERSIGN_HOST: "0.0.0.0" is reachable/,
    );
    expect(load(`listen: { host: 0.0.0.0 }\npublic_origin: https://gate.example.com\n${SERVER}`).host).toBe(
      '0.0.0.0',
    );
    expect(
      load(`listen: { host: 0.0.0.0 }\ntrusted_proxy: true\nallowed_origins: [https://a.example]\n${SERVER}`)
        .host,
    ).toBe('0.0.0.0');
  });

  it('an origin with a path', () => {
    expect(refusal(`public_origin: https://gate.example.com/mcp\n${SERVER}`)).toContain(
      'expected an origin such as',
    );
  });

  it('a missing file', () => {
    expect(() => loadConfig({ configFile: '/nowhere/x.yaml', env: {} })).toThrow(
      /x.yaml \(named by --config\) cannot be read/,
    );
  });

  it('two servers of one name, with both places', () => {
    expect(refusal('mcp_servers:\n  files: { command: x }\ndemo: true')).toMatch(
      /"files" is already used at countersign.yaml:2/,
    );
  });
});

describe('a secret in a file', () => {
  it('is read for a variable, and comes before the variable itself', () => {
    const file = join(temporaryFolder(), 'token');
    writeFileSync(file, 'from-file\n', { mode: 0o600 });
    const yaml = 'mcp_servers: { one: { url: "https://x.example/mcp", headers: { x-token: "${TOKEN}" } } }';
    const { servers } = load(yaml, { env: { TOKEN: 'from-env', TOKEN_FILE: file } });
    expect(servers).toMatchObject([{ headers: { 'x-token': 'from-file' } }]);
    chmodSync(file, 0o644);
    expect(() => load(yaml, { env: { TOKEN_FILE: file } })).toThrow(
      /can be read by other users of this machine; run: chmod 600/,
    );
    chmodSync(file, 0o640);
    expect(() => load(yaml, { env: { TOKEN_FILE: file } })).toThrow(/chmod 600/);
  });
});
