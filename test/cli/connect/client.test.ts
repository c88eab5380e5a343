import { expect, it } from 'vitest';
import { type ConfigScope, clientConfig } from '../../../src/cli/connect/client.ts';
import type { ClientId } from '../../../src/sdk/connect-lines.ts';

const access = { url: 'https://g.example/mcp', headers: { Authorization: 'Bearer t' } };
const linux = { platform: 'linux', home: '/home/ann', cwd: '/work', env: {} };
const mac = { platform: 'darwin', home: '/Users/ann', cwd: '/work', env: {} };
const windows = {
  platform: 'win32',
  home: 'C:\\Users\\ann',
  cwd: 'D:\\work',
  env: { APPDATA: 'C:\\Users\\ann\\AppData\\Roaming' },
};

it.each<[ClientId, ConfigScope, string, string, string]>([
  ['claude', 'project', '/work/.mcp.json', '/work/.mcp.json', 'D:\\work\\.mcp.json'],
  ['claude', 'user', '/home/ann/.claude.json', '/Users/ann/.claude.json', 'C:\\Users\\ann\\.claude.json'],
  ['cursor', 'project', '/work/.cursor/mcp.json', '/work/.cursor/mcp.json', 'D:\\work\\.cursor\\mcp.json'],
  [
    'cursor',
    'user',
    '/home/ann/.cursor/mcp.json',
    '/Users/ann/.cursor/mcp.json',
    'C:\\Users\\ann\\.cursor\\mcp.json',
  ],
  ['vscode', 'project', '/work/.vscode/mcp.json', '/work/.vscode/mcp.json', 'D:\\work\\.vscode\\mcp.json'],
  [
    'vscode',
    'user',
    '/home/ann/.config/Code/User/mcp.json',
    '/Users/ann/Library/Application Support/Code/User/mcp.json',
    'C:\\Users\\ann\\AppData\\Roaming\\Code\\User\\mcp.json',
  ],
])('the file of %s for the %s is where that client looks', (client, scope, ...files) => {
  const found = [linux, mac, windows].map((host) => clientConfig(client, scope, { ...host, access }).file);
  expect(found).toEqual(files);
});

it('each client gets the entry in its own form', () => {
  const entries = (['claude', 'cursor', 'vscode'] as const).map((client) => {
    const { key, entry } = clientConfig(client, 'project', { ...linux, access });
    return { key, entry };
  });
  expect(entries).toEqual([
    { key: 'mcpServers', entry: { type: 'http', ...access } },
    { key: 'mcpServers', entry: access },
    { key: 'servers', entry: { type: 'http', ...access } },
  ]);
});

it('without a session there is only the address, at which the client logs in', () => {
  const { entry } = clientConfig('cursor', 'user', { ...linux, access: { ...access, headers: {} } });
  expect(entry).toEqual({ url: access.url });
});
