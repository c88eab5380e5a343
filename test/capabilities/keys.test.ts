import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CapabilityKeys, openCapabilityKeys } from '../../src/capabilities/keys/open-keys.ts';
import { openOffice } from '../principals/support/office.ts';
import { openShop } from './support/shop.ts';

const OVERLAP_MS = 600_000;

/** A data folder with a real ledger, whose keys can be opened again and again. */
async function openSafe() {
  const office = await openOffice();
  const folder = await mkdtemp(join(tmpdir(), 'countersign-keys-'));
  onTestFinished(async () => {
    await office.close();
    await rm(folder, { recursive: true });
  });
  const file = join(folder, 'capability.keys');
  const kids = async (type: string) => (await office.entries(type)).map((entry) => String(entry.body.kid));
  return {
    office,
    file,
    open: () => openCapabilityKeys({ ...office.deps, file }),
    stored: async () => JSON.parse(await readFile(file, 'utf8')) as { keys: Record<string, unknown>[] },
    created: () => kids('capability_key.created'),
    retired: () => kids('capability_key.retired'),
  };
}

const published = (keys: CapabilityKeys): string[] => keys.jwks().keys.map((key) => key.kid);

describe('the keys of capability tokens', () => {
  it('are made on the first start, for their owner’s eyes alone, and are on the ledger before they sign', async () => {
    const { office, file, open, created } = await openSafe();
    const keys = await open();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [entry] = await office.entries('capability_key.created');
    const { kid, alg: _alg, use: _use, ...jwk } = keys.jwks().keys[0] ?? {};
    expect(entry?.body).toEqual({ kid, jwk });
    await open();
    expect(await created()).toEqual([kid]);
  });

  it('sign tokens that anybody can check with what is published', async () => {
    const keys = await (await openSafe()).open();
    const { token, kid } = await keys.sign({ sub: 'x' });
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid });
    const jwks = createLocalJWKSet({ keys: keys.jwks().keys.map((key) => ({ ...key })) });
    expect((await jwtVerify(token, jwks)).payload).toEqual({ sub: 'x' });
  });

  it('rotate: the new one signs at once, the old one is accepted until its overlap ends and is then retired', async () => {
    const { office, open, stored, created, retired } = await openSafe();
    const keys = await open();
    const before = await keys.sign({ sub: 'x' });
    const rotated = await keys.rotate({ by: 'api_key:key_1', overlapMs: OVERLAP_MS });
    const after = await keys.sign({ sub: 'x' });
    expect([rotated.previous, rotated.kid]).toEqual([before.kid, after.kid]);
    expect(published(keys)).toEqual([after.kid, before.kid]);
    await expect(jwtVerify(before.token, keys.find)).resolves.toBeTruthy();
    office.advance(OVERLAP_MS - 1);
    await keys.retireDue();
    expect(await retired()).toEqual([]);
    office.advance(1);
    expect(published(keys)).toEqual([after.kid]);
    await expect(jwtVerify(before.token, keys.find)).rejects.toThrow(/no applicable key/);
    await keys.retireDue();
    await keys.retireDue();
    expect([await created(), await retired()]).toEqual([[before.kid, after.kid], [before.kid]]);
    expect((await stored()).keys.map((key) => key.kid)).toEqual([after.kid]);
  });

  it('survive a stop in the middle of a rotation, before and after its entry', async () => {
    const { office, file, open, created } = await openSafe();
    const keys = await open();
    const [first] = published(keys);
    const old = await readFile(file, 'utf8');
    const { kid } = await keys.rotate({ by: 'api_key:key_1', overlapMs: OVERLAP_MS });
    const rotated = await readFile(file, 'utf8');
    // After the file, before the entry: the ledger does not know the key that the file has.
    const other = await openSafe();
    await writeFile(other.file, old, { mode: 0o600 });
    await other.open();
    await writeFile(other.file, rotated);
    expect(published(await other.open())).toEqual([kid, first]);
    expect(await other.created()).toEqual([first, kid]);
    // Both are done: nothing is left to do.
    expect(published(await open())).toEqual([kid, first]);
    expect(await created()).toEqual([first, kid]);
    office.advance(OVERLAP_MS);
    expect(published(await open())).toEqual([kid]);
  });

  it('that were lost are retired, and new ones are made', async () => {
    const { file, open, created, retired } = await openSafe();
    const [lost] = published(await open());
    await rm(file);
    const [made] = published(await open());
    expect(made).not.toBe(lost);
    expect([await created(), await retired()]).toEqual([[lost, made], [lost]]);
  });

  it('that were retired do not come back with an old file', async () => {
    const { office, file, open, retired } = await openSafe();
    const keys = await open();
    const [first] = published(keys);
    const old = await readFile(file, 'utf8');
    await keys.rotate({ by: 'api_key:key_1', overlapMs: OVERLAP_MS });
    office.advance(OVERLAP_MS);
    await keys.retireDue();
    await writeFile(file, old);
    expect(published(await open())).not.toContain(first);
    expect(await retired()).toContain(first);
  });

  it('are not taken from a file that others can read', async () => {
    const { file, open } = await openSafe();
    await open();
    await chmod(file, 0o640);
    await expect(open()).rejects.toThrow(/can be read by other users \(mode 640\); run: chmod 600/);
  });

  it.each([
    ['no JSON', 'x'],
    ['no keys', '{"keys":[]}'],
    ['another kind of key', '{"keys":[{"kty":"OKP"}]}'],
  ])('are not taken from a file with %s', async (_, text) => {
    const { file, open } = await openSafe();
    await writeFile(file, text, { mode: 0o600 });
    await expect(open()).rejects.toThrow(/expected a JWKS of P-256 keys/);
  });

  it('are not taken from a file whose name for a key is not its thumbprint', async () => {
    const { file, open, stored } = await openSafe();
    await open();
    const { keys } = await stored();
    const forged = { keys: [{ ...keys[0], kid: 'A'.repeat(43) }] };
    await writeFile(file, JSON.stringify(forged));
    await expect(open()).rejects.toThrow(/expected a JWKS of P-256 keys/);
  });
});

describe('a running gateway', () => {
  it('rotates for an operator, and goes on accepting the token that was made before', async () => {
    const shop = await openShop();
    const as = await shop.login();
    const { access_token: token } = (await shop.exchange(as, await shop.approved(as))).body;
    const rotated = await shop.gateway.api('POST', '/v1/capability-keys/rotate', {});
    expect(rotated.body).toEqual({ kid: expect.any(String), previous: decodeProtectedHeader(token).kid });
    const next = (await shop.exchange(as, await shop.approved(as))).body.access_token;
    expect(decodeProtectedHeader(next).kid).toBe(rotated.body.kid);
    for (const one of [token, next]) {
      const { body } = await shop.post(
        '/oauth/introspect',
        { token: one },
        { authorization: `Bearer ${as}` },
      );
      expect(body.active).toBe(true);
    }
    const short = await shop.gateway.api('POST', '/v1/capability-keys/rotate', { overlap_ms: 119_999 });
    expect(short.status).toBe(400);
    await shop.close();
  });
});
