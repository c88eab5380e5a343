// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config files refer to variables in this form
import { describe, expect, it } from 'vitest';
import { parseSource } from '../../src/config/file.ts';
import { parseServers } from '../../src/downstream/server-config.ts';

function parse(servers: string, env: Record<string, string> = {}) {
  return parseServers(
    parseSource('mcp.json', `{\n"mcpServers": ${servers}\n}`),
    ['mcpServers'],
    (name) => env[name],
  );
}

describe('server definitions', () => {
  it('are taken as Claude and Cursor write them', () => {
    const servers = parse(`{
      "files": { "command": "npx", "args": ["-y", "pkg", "/tmp"], "env": { "A": "1" }, "cwd": "/srv" },
      "remote": { "url": "https://x.example/mcp", "headers": { "Authorization": "Bearer t" } },
      "typed": { "type": "streamable-http", "url": "https://y.example/mcp" }
    }`);
    expect(servers).toMatchObject([
      {
        kind: 'stdio',
        name: 'files',
        command: 'npx',
        args: ['-y', 'pkg', '/tmp'],
        env: { A: '1' },
        cwd: '/srv',
        place: 'mcp.json:3',
      },
      {
        kind: 'http',
        name: 'remote',
        url: 'https://x.example/mcp',
        headers: { Authorization: 'Bearer t' },
        disabled: false,
      },
      { kind: 'http', name: 'typed' },
    ]);
  });

  it('may have keys of ours', () => {
    const [server] = parse(
      '{ "a": { "command": "x", "prefix": "a", "timeout_ms": 5000, "trust_annotations": true, "disabled": true } }',
    );
    expect(server).toMatchObject({ prefix: 'a', timeoutMs: 5_000, trustAnnotations: true, disabled: true });
  });

  it('say which questions of a server are relayed, and relay none otherwise', () => {
    const relay = (value: string) => parse(`{ "a": { "command": "x", "relay": ${value} } }`)[0]?.relay;
    expect(relay('["roots", "elicitation", "roots"]')).toEqual(['elicitation', 'roots']);
    expect(relay('[]')).toEqual([]);
    expect(parse('{ "a": { "url": "http://x.example/mcp" } }')[0]?.relay).toEqual([]);
    const expected = 'expected a list of "elicitation", "elicitation_url", "sampling", "roots"';
    expect(() => relay('true')).toThrow(`mcp.json:2: mcpServers.a.relay: ${expected}.`);
    expect(() => relay('["sampling", "everything"]')).toThrow(`mcpServers.a.relay[1]: ${expected}.`);
  });

  it('have their variables expanded, once', () => {
    const env = { HOME: '/home/x', EMPTY: '', TRICK: '${HOME}' };
    const [server] = parse(
      '{ "a": { "command": "${HOME}/bin", "args": ["${env:HOME}", "${NONE:-d}", "${EMPTY:-d}", "${EMPTY}", "${TRICK}", "$HOME"] } }',
      env,
    );
    expect(server).toMatchObject({
      command: '/home/x/bin',
      args: ['/home/x', 'd', 'd', '', '${HOME}', '$HOME'],
    });
  });

  it.each([
    [
      'an unset variable',
      '{ "a": { "command": "x", "env": { "K": "${TOKEN}" } } }',
      'mcpServers.a.env.K: the environment variable TOKEN is not set; set it, or write ${TOKEN:-default}.',
    ],
    [
      'an input of VS Code',
      '{ "a": { "command": "${input:key}" } }',
      'mcpServers.a.command: the reference ${input:key} is not supported',
    ],
    [
      'an unknown key',
      '{ "a": { "comand": "x" } }',
      'mcpServers.a: expected "command" (a local program) or "url" (a remote server).',
    ],
    [
      'a misspelt key',
      '{ "a": { "command": "x", "arg": [] } }',
      'mcpServers.a.arg: unknown key; did you mean "args"?',
    ],
    [
      'a key of the other kind',
      '{ "a": { "url": "http://x/", "args": [] } }',
      'mcpServers.a.args: unknown key; expected one of url, headers',
    ],
    ['a dot in the name', '{ "a.b": { "command": "x" } }', 'expected a server name of 1 to 40'],
    [
      'a command and an address',
      '{ "a": { "command": "x", "url": "http://x/" } }',
      'has both "command" and "url"',
    ],
    [
      'another protocol',
      '{ "a": { "url": "ftp://x/" } }',
      'mcpServers.a.url: expected an http:// or https:// address.',
    ],
    ['a password in the address', '{ "a": { "url": "http://u:p@x/" } }', 'send them in "headers"'],
    [
      'a line break in a header',
      '{ "a": { "url": "http://x/", "headers": { "k": "a\\r\\nb: c" } } }',
      'expected a valid HTTP header',
    ],
    [
      'an argument that is no text',
      '{ "a": { "command": "x", "args": [1] } }',
      'mcpServers.a.args[0]: expected a string.',
    ],
    [
      'a wrong prefix',
      '{ "a": { "command": "x", "prefix": "a.b" } }',
      'mcpServers.a.prefix: expected 1 to 24',
    ],
    [
      'a wrong type',
      '{ "a": { "command": "x", "type": "pipe" } }',
      'mcpServers.a.type: expected "stdio", "http" or "sse".',
    ],
    [
      'a wrong time limit',
      '{ "a": { "command": "x", "timeout_ms": 5 } }',
      'mcpServers.a.timeout_ms: expected whole milliseconds',
    ],
  ])('are refused with file and line for %s', (_what, servers, message) => {
    expect(() => parse(servers)).toThrow(message);
    expect(() => parse(servers)).toThrow(/^mcp.json:2: /);
  });

  it('never show a value of the environment in a refusal', () => {
    const servers = '{ "a": { "url": "${SECRET}" } }';
    expect(() => parse(servers, { SECRET: 'canary' })).toThrow(/^(?!.*canary)/);
  });
});
