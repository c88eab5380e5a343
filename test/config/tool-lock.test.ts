import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { definitionHash, TOOL_LOCK_FORMAT } from '../../src/core/tool-definition.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';

const PAY = { name: 'pay', description: 'Pays\u200b 😀.', inputSchema: { type: 'object', limit: 2.5 } };
const HASH = definitionHash(PAY);

function load(lock: string | undefined, env: Record<string, string> = {}) {
  const folder = temporaryFolder();
  const configFile = join(folder, 'countersign.yaml');
  writeFileSync(configFile, 'mcp_servers: { bank: { command: node } }\ntool_lock: countersign.lock.json\n');
  if (lock !== undefined) writeFileSync(join(folder, 'countersign.lock.json'), lock);
  return loadConfig({ configFile, dataDir: join(folder, 'data'), env }).toolLock;
}

function lockText(entry: unknown, more: object = {}): string {
  return JSON.stringify({ lock: TOOL_LOCK_FORMAT, servers: { bank: { pay: entry } }, ...more }, null, 1);
}

describe('a lock file of tool definitions', () => {
  it('is found beside the config, and holds each tool of each server', () => {
    const lock = load(lockText({ hash: HASH, definition: PAY }));
    expect(lock?.file).toMatch(/\/countersign\.lock\.json$/);
    expect(lock?.servers.get('bank')?.get('pay')).toEqual({ tool: 'pay', hash: HASH, definition: PAY });
  });

  it('may be named by the environment', () => {
    const file = join(temporaryFolder(), 'other.json');
    writeFileSync(file, lockText({ hash: HASH, definition: PAY }));
    expect(load(undefined, { COUNTERSIGN_TOOL_LOCK: file })?.file).toBe(file);
  });

  it('that is named and not there keeps the gateway from starting', () => {
    expect(() => load(undefined)).toThrow(/countersign\.lock\.json \(named by tool_lock\) cannot be read/);
  });

  it.each([
    ['no JSON', '{"lock": ', /lock\.json:1: /],
    ['a list', '[]', /lock\.json:1: expected an object with lock and servers; .*server lock --out/],
    [
      'another format',
      lockText({}, { lock: 'v9' }),
      /lock\.json:2: lock: expected "countersign\/tool-lock\/v1"/,
    ],
    ['an unknown key', lockText({}, { extra: 1 }), /lock\.json:\d+: extra: unknown key/],
    ['no servers', lockText({}, { servers: 1 }), /lock\.json:3: servers: expected an object of servers/],
    ['no tools', lockText({}, { servers: { bank: [] } }), /servers\.bank: expected an object of tools/],
    [
      'an entry that is a text',
      lockText('x'),
      /lock\.json:5: servers\.bank\.pay: expected an object with hash/,
    ],
    ['no definition', lockText({ hash: HASH }), /servers\.bank\.pay\.definition: expected the definition/],
    [
      'a definition of another tool',
      lockText({ hash: HASH, definition: { ...PAY, name: 'drop' } }),
      /lock\.json:7: servers\.bank\.pay\.definition: its name is not "pay"/,
    ],
    [
      'a definition that was edited',
      lockText({ hash: HASH, definition: { ...PAY, description: 'Pays more.' } }),
      /lock\.json:6: servers\.bank\.pay\.hash: expected sha256:[0-9a-f]{64}, the hash of the definition/,
    ],
  ])('with %s is refused with file, line and what was expected', (_what, text, message) => {
    expect(() => load(text)).toThrow(message);
  });
});
