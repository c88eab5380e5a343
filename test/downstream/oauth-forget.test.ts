import { expect, it } from 'vitest';
import { bindingOf, type Credential } from '../../src/downstream/oauth/credential.ts';
import { createTokenKeeper } from '../../src/downstream/oauth/keep-token.ts';
import type { CredentialStore } from '../../src/downstream/oauth/store.ts';
import { personAuth } from '../support/oauth/remote.ts';

it('a login that is forgotten while it is read is not used from then on', async () => {
  const server = { name: 'web', url: 'https://x.example/mcp', auth: personAuth() };
  const credential: Credential = {
    boundTo: bindingOf(server),
    issuer: 'https://as.example',
    resource: server.url,
    clientId: 'c',
    clientSecret: undefined,
    accessToken: 'forgotten',
    refreshToken: undefined,
    scope: undefined,
    expiresAt: undefined,
    obtainedAt: 0,
  };
  const read = Promise.withResolvers<void>();
  const state = { kept: true };
  const store: CredentialStore = {
    async read() {
      const kept = state.kept ? { credential, rev: 1 } : undefined;
      await read.promise;
      return kept;
    },
    put: (_server, given) => Promise.resolve({ credential: given, rev: 1 }),
    renew: () => Promise.resolve(undefined),
    async forget() {
      const had = state.kept;
      state.kept = false;
      return had;
    },
  };
  const log = {
    debug: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    info: () => undefined,
  };
  const keeper = createTokenKeeper(server, {
    store,
    now: () => 0,
    random: (n) => new Uint8Array(n),
    log: log as never,
  });
  const early = keeper.token().catch(() => undefined);
  const forgotten = keeper.forget('api_key:key_1');
  read.resolve();
  expect(await forgotten).toBe(true);
  await early;
  await expect(keeper.token()).rejects.toThrow('countersign server login web');
});
