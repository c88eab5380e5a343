import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { signerOf } from '../ledger/fixture.ts';
import vectors from '../ledger/vectors/cosignature.json' with { type: 'json' };
import { temporaryFolder } from '../support/downstreams/harness.ts';

const { vkey } = vectors;

function load(lines: readonly string[]) {
  const folder = temporaryFolder();
  const configFile = join(folder, 'countersign.yaml');
  writeFileSync(configFile, ['mcp_servers: { one: { command: node } }', 'ledger:', ...lines].join('\n'));
  return loadConfig({ configFile, dataDir: join(folder, 'data'), env: {} }).witnesses;
}

function listed(...entries: string[]): string[] {
  return ['  witnesses:', ...entries.map((entry) => `    - ${entry}`)];
}

it('witnesses are taken from the file, their addresses without a trailing slash', () => {
  expect(load(listed(`{ url: "https://witness.example.com/v1/", vkey: "${vkey}" }`))).toEqual([
    { url: 'https://witness.example.com/v1', vkey },
  ]);
  expect(load(listed(`{ url: "http://127.0.0.1:8421", vkey: "${vkey}" }`))).toEqual([
    { url: 'http://127.0.0.1:8421', vkey },
  ]);
  expect(load(['  witnesses: []'])).toEqual([]);
});

it.each([
  ['no list', ['  witnesses: { url: x }'], ':3: ledger.witnesses: expected a list'],
  [
    'an unknown key beside them',
    ['  witness: []'],
    ':3: ledger.witness: unknown key; did you mean "witnesses"?',
  ],
  [
    'a text in the list',
    listed('https://witness.example.com'),
    ':4: ledger.witnesses[0]: expected an object with url',
  ],
  [
    'an unknown member',
    listed(`{ url: "https://w.example", vkey: "${vkey}", key: x }`),
    ':4: ledger.witnesses[0].key: unknown key',
  ],
  ['no address', listed(`{ vkey: "${vkey}" }`), ':4: ledger.witnesses[0].url: expected the http(s) address'],
  ['another scheme', listed(`{ url: "ftp://w.example", vkey: "${vkey}" }`), ':4: ledger.witnesses[0].url: '],
  [
    'a password',
    listed(`{ url: "https://a:b@w.example", vkey: "${vkey}" }`),
    ':4: ledger.witnesses[0].url: ',
  ],
  ['a query', listed(`{ url: "https://w.example/?a", vkey: "${vkey}" }`), ':4: ledger.witnesses[0].url: '],
  [
    'no key',
    listed('{ url: "https://w.example" }'),
    ':4: ledger.witnesses[0].vkey: expected the verifier key',
  ],
  [
    'the key of a log',
    listed(`{ url: "https://w.example", vkey: "${signerOf().vkey}" }`),
    ':4: ledger.witnesses[0].vkey: expected the verifier key of a witness',
  ],
  [
    'one witness twice',
    listed(`{ url: "https://w.example", vkey: "${vkey}" }`, `{ url: "https://x.example", vkey: "${vkey}" }`),
    ':5: ledger.witnesses[1].vkey: the same witness as ledger.witnesses[0]',
  ],
])('a configuration with %s for a witness is refused with its line', (_, lines, problem) => {
  expect(() => load(lines)).toThrow(problem);
});
