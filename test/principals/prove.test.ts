import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { removePerson } from '../../src/principals/people/remove.ts';
import {
  allowedCredentials,
  verifyDecisionAssertion,
  verifyServiceAccountSignature,
} from '../../src/principals/prove.ts';
import {
  createServiceAccount,
  listServiceAccounts,
  removeServiceAccount,
} from '../../src/principals/service-accounts.ts';
import type { Statement } from '../../src/storage/database.ts';
import type { Misbehaviour } from './support/authenticator.ts';
import { type Enrolled, type Office, ORIGIN, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

const challenge = createHash('sha256').update('a statement').digest();

function decide(who: Enrolled, change: Misbehaviour & { personId?: string } = {}) {
  const assertion = who.device.get({ challenge: challenge.toString('base64url'), ...change });
  const personId = change.personId ?? who.person.id;
  return verifyDecisionAssertion(office.deps, { challenge, assertion, personId, expectedOrigin: ORIGIN });
}

async function holds(condition: Statement): Promise<boolean> {
  const rows = await office.deps.database.query({
    sql: `SELECT ${condition.sql} AS yes`,
    params: condition.params,
  });
  return Number(rows[0]?.yes) === 1;
}

describe('a decision by passkey', () => {
  test('gives the raw assertion as proof and changes nothing until its use is committed', async () => {
    const proven = await decide(ada);
    expect(proven.proof).toEqual({
      kind: 'passkey',
      credential_id: ada.device.credentialId,
      client_data_json: expect.stringMatching(/^[\w-]+$/),
      authenticator_data: expect.stringMatching(/^[\w-]+$/),
      signature: expect.stringMatching(/^[\w-]+$/),
    });
    expect(await holds(proven.stillValid)).toBe(true);
    await office.deps.ledger.commit({ guard: proven.recordUse, entries: [] });
    expect(await holds(proven.stillValid)).toBe(false);
    const again = await office.deps.ledger.commit({ guard: proven.recordUse, entries: [] });
    expect(again.kind).toBe('refused');
  });

  test('is refused by the committed counter when the same assertion comes again', async () => {
    const assertion = ada.device.get({ challenge: challenge.toString('base64url') });
    const input = { challenge, assertion, personId: ada.person.id, expectedOrigin: ORIGIN };
    const { recordUse } = await verifyDecisionAssertion(office.deps, input);
    await office.deps.ledger.commit({ guard: recordUse, entries: [] });
    await expect(verifyDecisionAssertion(office.deps, input)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test.each<[string, Misbehaviour]>([
    ['another statement', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another RP id', { rpId: 'evil.example' }],
    ['another type', { type: 'webauthn.create' }],
    ['no user verification', { userVerified: false }],
    ['a frame of another site', { clientData: { crossOrigin: true } }],
    ['a counter that went back', { counter: 0 }],
    [
      'a signature by another key',
      { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
    ],
  ])('with %s is refused', async (_what, change) => {
    await expect(decide(ada, change)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('by the passkey of somebody else is refused', async () => {
    const grace = await office.invite(ada, 'Grace');
    await expect(decide(grace, { personId: ada.person.id })).rejects.toMatchObject({ code: 'forbidden' });
    expect(await allowedCredentials(office.deps, grace.person.id)).toEqual([
      { id: grace.device.credentialId, transports: ['internal'] },
    ]);
  });

  test('by a person who is removed is refused, also between the check and the commit', async () => {
    const grace = await office.invite(ada, 'Grace');
    const proven = await decide(grace);
    await removePerson(office.deps, { by: ada.principal, personId: grace.person.id });
    expect(await holds(proven.stillValid)).toBe(false);
    const committed = await office.deps.ledger.commit({ guard: proven.recordUse, entries: [] });
    expect(committed.kind).toBe('refused');
    await expect(decide(grace)).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a service account', () => {
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = (key: KeyObject): string => key.export({ format: 'pem', type: 'spki' }) as string;
  const jwk = (key: KeyObject): JsonObject => key.export({ format: 'jwk' }) as JsonObject;

  const create = (publicKey: string | JsonObject, by = ada.principal) =>
    createServiceAccount(office.deps, { name: 'night bot', groups: ['automation'], publicKey, by });
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
    await removeServiceAccount(office.deps, { id: account.id, by: ada.principal });
    expect(await holds(proven.stillValid)).toBe(false);
    await expect(verifyBy(account.id, sign(null, challenge, ed25519.privateKey))).rejects.toThrow(
      /registered/,
    );
    expect((await office.entries('service_account.')).map((entry) => entry.type)).toEqual([
      'service_account.created',
      'service_account.removed',
    ]);
    await expect(removeServiceAccount(office.deps, { id: account.id, by: ada.principal })).rejects.toThrow(
      /no service/,
    );
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

  test('can be registered by a person alone', async () => {
    const by = { kind: 'api_key', id: 'key_1', name: 'root', roles: ['operator'] } as const;
    await expect(create(spki(ed25519.publicKey), by)).rejects.toMatchObject({ code: 'forbidden' });
  });
});
