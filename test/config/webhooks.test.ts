import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.ts';

function allowOf(text: string): readonly string[] {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-config-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const configFile = join(dir, 'countersign.yaml');
  writeFileSync(configFile, `mcp_servers: {}\ndemo: false\n${text}`);
  return loadConfig({ configFile, dataDir: join(dir, 'data'), env: {}, readOnly: true }).webhookAllow;
}

it('webhooks.allow lists hosts with their ports, as an address has them', () => {
  expect(allowOf('')).toEqual([]);
  const listed = 'webhooks: { allow: ["127.0.0.1:9000", "Hooks.Internal:443", "[::1]:80"] }';
  expect(allowOf(listed)).toEqual(['127.0.0.1:9000', 'hooks.internal:443', '[::1]:80']);
});

it.each([
  'hooks.internal',
  'http://hooks.internal:80',
  'hooks.internal:0',
  'a@b:80',
  'a:80/in',
  ':80',
  'a:99999',
])('webhooks.allow refuses %j, with its line', (party) => {
  expect(() => allowOf(`webhooks:\n  allow: ["${party}"]`)).toThrow(
    /countersign\.yaml:4.*expected host:port such as/s,
  );
});

it('what webhooks does not know keeps the gateway from starting', () => {
  expect(() => allowOf('webhooks: { url: x }')).toThrow('url');
});
