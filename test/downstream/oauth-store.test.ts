import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Credential } from '../../src/downstream/oauth/credential.ts';
import { createCredentialStore } from '../../src/downstream/oauth/store.ts';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import type { Change, Ledger } from '../../src/ledger/ledger.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { temporaryFolder } from '../support/downstreams/harness.ts';

const credential: Credential = {
  boundTo: '["https://x.example/mcp"]',
  issuer: 'https://as.example',
  resource: 'https://x.example/mcp',
  clientId: 'c',
  clientSecret: undefined,
  accessToken: 'access-CANARY',
  refreshToken: 'refresh-CANARY',
  scope: 'read',
  expiresAt: undefined,
  obtainedAt: 5,
};
const by = 'api_key:key_1';

/** The real engine, with a ledger that keeps the entries of each applied change in memory. */
function open() {
  const database = openLibsql({ file: join(temporaryFolder(), 'test.db') });
  onTestFinished(() => database.close());
  const entries: EntryDraft[] = [];
  const ledger: Ledger = {
    async commit(change: Change) {
      const [applied] = await database.apply([change], () => []);
      if (applied === undefined) throw new Error('nothing was applied');
      if (applied.kind === 'applied') entries.push(...change.entries);
      return applied;
    },
  };
  const made = { seed: 0 };
  const storeWith = (byte: number) =>
    createCredentialStore({
      database,
      ledger,
      key: new Uint8Array(32).fill(byte),
      random: (size) => new Uint8Array(size).fill(++made.seed),
      now: () => 1_000,
      workspace: 'default',
    });
  return { store: storeWith(1), storeWith, database, entries };
}

describe('the store of credentials', () => {
  it('gives back what was put, with an entry that holds nothing secret', async () => {
    const { store, entries } = open();
    expect(await store.read('web')).toBeUndefined();
    expect(await store.put('web', credential, by)).toEqual({ credential, rev: 1 });
    expect(await store.read('web')).toEqual({ credential, rev: 1 });
    expect(entries).toEqual([
      {
        type: 'server.authorized',
        ref: { principal: by, action: 'web' },
        body: {
          server: 'web',
          issuer: 'https://as.example',
          resource: 'https://x.example/mcp',
          client_id: 'c',
          scope: 'read',
        },
      },
    ]);
  });

  it('keeps nothing in clear', async () => {
    const { store, database } = open();
    await store.put('web', credential, by);
    const [row] = await database.query({ sql: 'SELECT sealed FROM downstream_credential', params: [] });
    const sealed = Buffer.from(String(row?.sealed), 'base64').toString('latin1');
    expect(`${row?.sealed}${sealed}`).not.toMatch(/CANARY|as\.example/);
  });

  it('opens nothing with another key, or in the place of another server', async () => {
    const { store, storeWith, database } = open();
    await store.put('web', credential, by);
    expect(await storeWith(2).read('web')).toBeUndefined();
    await database.apply(
      [{ then: [{ sql: "UPDATE downstream_credential SET server = 'evil'", params: [] }], entries: [] }],
      () => [],
    );
    expect(await store.read('evil')).toBeUndefined();
  });

  it('keeps a renewed credential only in place of the one that it was renewed from', async () => {
    const { store, entries } = open();
    await store.put('web', credential, by);
    const renewed = { ...credential, accessToken: 'second' };
    expect(await store.renew('web', renewed, 1)).toEqual({ credential: renewed, rev: 2 });
    expect(await store.renew('web', { ...credential, accessToken: 'late' }, 1)).toBeUndefined();
    expect(await store.read('web')).toEqual({ credential: renewed, rev: 2 });
    expect(entries).toHaveLength(1);
  });

  it('forgets once, and not what came after it', async () => {
    const { store, entries } = open();
    await store.put('web', credential, by);
    await store.put('web', credential, by);
    expect(await store.forget('web', { reason: 'refused', by: 'gateway:oauth', rev: 1 })).toBe(false);
    expect(await store.forget('web', { reason: 'requested', by })).toBe(true);
    expect(await store.forget('web', { reason: 'requested', by })).toBe(false);
    expect(await store.read('web')).toBeUndefined();
    expect(entries.at(-1)).toMatchObject({ type: 'server.deauthorized', body: { reason: 'requested' } });
    expect(entries).toHaveLength(3);
  });
});
