import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { verifyServiceAccountSignature } from '../../src/principals/prove.ts';
import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../src/principals/service-accounts.ts';
import type { Statement } from '../../src/storage/database.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

const challenge = createHash('sha256').update('a statement').digest();

async function holds({ sql, params }: Statement): Promise<boolean> {
  const rows = await office.deps.database.query({ sql: `SELECT ${sql} AS yes`, params });
  return Number(rows[0]?.yes) === 1;
}

describe('a service account', () => {
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }) as string;
  const jwk = (key: KeyObject): JsonObject => key.export({ format: 'jwk' }) as JsonObject;

  const create = async (public_key: string | JsonObject, name = 'night bot') => {
    const params = { name, groups: ['automation'], public_key };
    return createServiceAccount(
      office.deps,
      await office.act(ada, { act: 'service_account.create', params }),
    );
  };
  const remove = async (accountId: string) => {
    const params = { service_account: accountId };
    const signed = await office.act(ada, { act: 'service_account.remove', params });
    await removeServiceAccount(office.deps, { ...signed, accountId });
  };
  const verifyBy = (serviceAccountId: string, signature: Uint8Array) =>
    verifyServiceAccountSignature(office.deps, {
      challenge,
      serviceAccountId,
      signature: Buffer.from(signature).toString('base64url'),
    });

  test.each([
    [
      'Ed25519 from PEM',
      () => spki(ed25519.publicKey),
      'Ed25519',
      () => sign(null, challenge, ed25519.privateKey),
    ],
    [
      'Ed25519 from a JWK',
      () => jwk(ed25519.publicKey),
      'Ed25519',
      () => sign(null, challenge, ed25519.privateKey),
    ],
    [
      'ES256 from PEM, in DER',
      () => spki(p256.publicKey),
      'ES256',
      () => sign('sha256', challenge, p256.privateKey),
    ],
    [
      'ES256 from JWK text, in r and s',
      () => JSON.stringify(jwk(p256.publicKey)),
      'ES256',
      () => sign('sha256', challenge, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
  ])('signs with %s', async (_what, publicKey, alg, signature) => {
    const account = await create(publicKey());
    const proven = await verifyBy(account.id, signature());
    expect(proven).toMatchObject({
      proof: { kind: 'service_account', alg },
      account: { groups: ['automation'] },
    });
    expect(await holds(proven.stillValid)).toBe(true);
  });

  test('is refused with another key, another statement, no signature, or no account', async () => {
    const account = await create(spki(ed25519.publicKey));
    const other = generateKeyPairSync('ed25519').privateKey;
    const wrong = [
      sign(null, challenge, other),
      sign(null, Buffer.alloc(32), ed25519.privateKey),
      Buffer.alloc(0),
    ];
    for (const signature of wrong) {
      await expect(verifyBy(account.id, signature)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    const good = sign(null, challenge, ed25519.privateKey);
    await expect(verifyBy('svc_none', good)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('is refused once it is removed, and the ledger tells of both', async () => {
    const account = await create(spki(ed25519.publicKey));
    expect(await listServiceAccounts(office.deps)).toHaveLength(1);
    const proven = await verifyBy(account.id, sign(null, challenge, ed25519.privateKey));
    await remove(account.id);
    expect(await holds(proven.stillValid)).toBe(false);
    await expect(verifyBy(account.id, sign(null, challenge, ed25519.privateKey))).rejects.toThrow(
      /registered/,
    );
    expect((await office.entries('service_account.')).map((entry) => entry.type)).toEqual([
      'service_account.created',
      'service_account.removed',
    ]);
    await expect(remove(account.id)).rejects.toThrow(/no service/);
  });

  test('has its name alone while it is registered, in any case or width, because policy knows it by that', async () => {
    const account = await create(spki(ed25519.publicKey));
    for (const name of ['night bot', 'Night Bot', '\uFF4Eight bot'])
      await expect(create(spki(p256.publicKey), name)).rejects.toMatchObject({ code: 'conflict' });
    await remove(account.id);
    await create(spki(p256.publicKey));
    expect(await listServiceAccounts(office.deps)).toHaveLength(1);
  });

  test('is not registered when its name is taken between the check and the commit', async () => {
    const eve = await office.invite(ada, 'Eve');
    const params = { name: 'night bot', groups: [], public_key: jwk(p256.publicKey) };
    const signed = await office.act(eve, { act: 'service_account.create', params });
    const ledger: Ledger = {
      async commit(change) {
        await create(spki(ed25519.publicKey));
        return office.deps.ledger.commit(change);
      },
    };
    await expect(createServiceAccount({ ...office.deps, ledger }, signed)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await listServiceAccounts(office.deps)).toHaveLength(1);
  });

  test.each<[string, () => string | JsonObject]>([
    ['a private JWK', () => jwk(ed25519.privateKey)],
    ['a private PEM', () => ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
    ['an RSA key', () => spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['a key on another curve', () => spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['a shared secret', () => ({ kty: 'oct', k: 'AAAA' })],
    ['nonsense', () => 'ssh-ed25519 AAAA'],
  ])('cannot be registered with %s', async (_what, publicKey) => {
    await expect(create(publicKey())).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ field: 'public_key' }],
    });
  });

  test('is told by the ledger with its key as a JWK and the signature of who registered it', async () => {
    const account = await create(spki(ed25519.publicKey));
    const [entry] = await office.entries('service_account.');
    expect(entry).toMatchObject({
      ref: { principal: `person:${ada.person.id}` },
      body: { service_account: account.id, name: 'night bot', public_key: jwk(ed25519.publicKey) },
    });
    const statement = JSON.parse(String(entry?.body.statement));
    expect(statement).toMatchObject({
      act: 'service_account.create',
      by: `person:${ada.person.id}`,
      params: { name: 'night bot', groups: ['automation'], public_key: jwk(ed25519.publicKey) },
    });
  });
});
