import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemRandomBytes as random } from '../../src/core/ids.ts';
import { openDataKey, openLogKey } from '../../src/ledger/open-key.ts';
import { START_MS, temporaryFolder } from './fixture.ts';

const name = 'localhost:8787/default';
const now = (): number => START_MS;

describe('the log key', () => {
  it('is made once, for its owner alone, and keeps its name', () => {
    const folder = join(temporaryFolder(), 'keys');
    const file = join(folder, 'log.key');
    const first = openLogKey({ file, name, random, now });
    const second = openLogKey({ file, name: 'other.example/default', random, now });
    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.signer.vkey).toBe(first.signer.vkey);
    expect(second.signer.name).toBe(name);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['log.key']);
  });

  it('is refused when others can read it, with the command that mends it', () => {
    const file = join(temporaryFolder(), 'log.key');
    openLogKey({ file, name, random, now });
    chmodSync(file, 0o640);
    expect(() => openLogKey({ file, name, random, now })).toThrow(
      `${file}: this secret key can be read by other users (mode 640); run: chmod 600 ${file}`,
    );
  });

  it('is refused when it is damaged, and never replaced', () => {
    const file = join(temporaryFolder(), 'log.key');
    openLogKey({ file, name, random, now });
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -8));
    const before = readFileSync(file, 'utf8');
    expect(() => openLogKey({ file, name, random, now })).toThrow(/expected "PRIVATE/);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is not made under a name that checkpoints cannot carry', () => {
    const file = join(temporaryFolder(), 'log.key');
    expect(() => openLogKey({ file, name: 'my log', random, now })).toThrow(/cannot name a log/);
  });
});

describe('the data key', () => {
  it('is 32 bytes, made once, for its owner alone', () => {
    const file = join(temporaryFolder(), 'data.key');
    const key = openDataKey({ file, random });
    expect(key).toHaveLength(32);
    expect(openDataKey({ file, random })).toEqual(key);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is refused when others can read it or it is damaged', () => {
    const file = join(temporaryFolder(), 'data.key');
    openDataKey({ file, random });
    chmodSync(file, 0o604);
    expect(() => openDataKey({ file, random })).toThrow(/chmod 600/);
    chmodSync(file, 0o600);
    writeFileSync(file, 'AAAA\n');
    expect(() => openDataKey({ file, random })).toThrow(/expected 32 bytes/);
  });
});
