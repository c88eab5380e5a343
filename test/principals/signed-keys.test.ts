import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { statementChallenge } from '../../src/core/digest.ts';
import { formatApiKey, hashSecret, hintOf } from '../../src/principals/api-key.ts';
import type { PasskeyDeps } from '../../src/principals/deps.ts';
import {
  authenticateKey,
  createKey,
  createSignedKey,
  listKeys,
  revokeKey,
} from '../../src/principals/keys.ts';
import { requestAct } from '../../src/principals/request-act.ts';
import { newApiKey } from '../../src/sdk/new-api-key.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

interface Asked {
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly hint?: string;
  readonly hash?: string;
}

/** What a page asks for, which has made this secret. */
function keyAct(secret: string, { name = 'ci', roles = ['minter'], ...rest }: Asked = {}) {
  const params = { name, roles, hint: hintOf(secret), hash: hashSecret(secret), ...rest };
  return { act: 'key.create', params } as const;
}
const newSecret = (): string => formatApiKey(randomBytes(32));

test('a person makes a key by their signature; the gateway learns only the hash, and the ledger tells who signed what', async () => {
  const secret = newSecret();
  const request = keyAct(secret, { name: ' ci ', roles: ['minter', 'operator', 'minter'] });
  const offer = await requestAct(office.deps, { by: ada.principal, request });
  const key = await createSignedKey(office.deps, office.sign(ada, offer));
  const params = { ...request.params, name: 'ci', roles: ['minter', 'operator'] };
  const by = `person:${ada.person.id}`;
  expect(JSON.parse(offer.text)).toMatchObject({ act: 'key.create', by, params });
  expect(key).toMatchObject({ name: 'ci', roles: params.roles, hint: secret.slice(-4), createdBy: by });
  expect(await listKeys(office.deps, { limit: 9 })).toEqual([key]);
  expect(await authenticateKey(office.deps, secret)).toMatchObject({ id: key.id, roles: params.roles });
  const [entry, ...more] = await office.entries('key.');
  expect(more).toEqual([]);
  expect(entry).toMatchObject({
    type: 'key.created',
    ref: { principal: by, action: 'keys.create' },
    body: { key: key.id, ...params, statement: offer.text, proof: expect.stringContaining('passkey') },
  });
  const rows = await office.deps.database.query({ sql: 'SELECT * FROM api_key', params: [] });
  expect(JSON.stringify([rows, entry])).not.toContain(secret.slice(3));
});

test('a key that the SDK makes is one that the gateway takes', async () => {
  const { key, hint, hash } = await newApiKey();
  await createSignedKey(office.deps, await office.act(ada, keyAct(key, { hint, hash })));
  expect(await authenticateKey(office.deps, key)).toMatchObject({ name: 'ci' });
  expect((await newApiKey()).key).not.toBe(key);
});

test('a key that a person has made outlasts them, and is revoked like any other', async () => {
  const bob = await office.invite(ada, 'Bob');
  const secret = newSecret();
  const { id } = await createSignedKey(office.deps, await office.act(bob, keyAct(secret)));
  await office.remove(ada, bob);
  expect(await authenticateKey(office.deps, secret)).toMatchObject({ id });
  await revokeKey(office.deps, { id, by: `person:${ada.person.id}` });
  expect(await authenticateKey(office.deps, secret)).toBeUndefined();
});

test('a secret that a key has or had is refused before anybody signs, so that what was revoked never comes back', async () => {
  const { key, secret } = await createKey(office.deps, { name: 'old', roles: ['reader'], by: 'system' });
  const again = () => office.act(ada, keyAct(secret));
  await expect(again()).rejects.toMatchObject({ code: 'conflict' });
  await revokeKey(office.deps, { id: key.id, by: 'system' });
  await expect(again()).rejects.toMatchObject({ code: 'conflict' });
});

test('of two statements over one secret only the first makes a key, also when both were found good before', async () => {
  const { deps } = office;
  const secret = newSecret();
  const first = await office.act(ada, keyAct(secret));
  const second = await office.act(ada, keyAct(secret, { roles: ['operator'] }));
  const third = await office.act(ada, keyAct(secret, { name: 'third' }));
  const ledger: PasskeyDeps['ledger'] = {
    async commit(change) {
      await createSignedKey(deps, first);
      return deps.ledger.commit(change);
    },
  };
  const conflict = { code: 'conflict' };
  await expect(createSignedKey({ ...deps, ledger }, second)).rejects.toMatchObject(conflict);
  await expect(createSignedKey(deps, third)).rejects.toMatchObject(conflict);
  expect(await listKeys(office.deps, { limit: 9 })).toHaveLength(1);
  expect(await office.entries('key.created')).toHaveLength(1);
});

test('a statement makes one key, and only for the person to whom it was offered and who signed it', async () => {
  const bob = await office.invite(ada, 'Bob');
  const signed = await office.act(ada, keyAct(newSecret()));
  const offer = await requestAct(office.deps, { by: ada.principal, request: keyAct(newSecret()) });
  const byBob = office.sign(ada, offer, { device: bob.device });
  await expect(createSignedKey(office.deps, byBob)).rejects.toMatchObject({ code: 'forbidden' });
  const asBob = { ...signed, by: bob.principal };
  await expect(createSignedKey(office.deps, asBob)).rejects.toMatchObject({ code: 'forbidden' });
  const other = Buffer.from(statementChallenge('{"roles":["operator"]}')).toString('base64url');
  const overOther = { ...signed, assertion: ada.device.get({ challenge: other }) };
  await expect(createSignedKey(office.deps, overOther)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await listKeys(office.deps, { limit: 9 })).toEqual([]);
  await createSignedKey(office.deps, signed);
  await expect(createSignedKey(office.deps, signed)).rejects.toThrow('This statement was used already');
  expect(await listKeys(office.deps, { limit: 9 })).toHaveLength(1);
});

test('a person who is removed before they hand in what they signed makes no key', async () => {
  const bob = await office.invite(ada, 'Bob');
  const signed = await office.act(bob, keyAct(newSecret()));
  await office.remove(ada, bob);
  await expect(createSignedKey(office.deps, signed)).rejects.toMatchObject({ code: 'forbidden' });
  expect(await office.entries('key.')).toEqual([]);
});

test.each<[string, Asked, string]>([
  ['an unknown role', { roles: ['reader', 'approver'] }, 'roles[1]'],
  ['no role', { roles: [] }, 'roles'],
  ['no name', { name: ' ' }, 'name'],
  ['the key in the place of its hash', { hash: newSecret() }, 'hash'],
  ['a hint that tells more of the secret', { hint: 'abcde' }, 'hint'],
])('a key with %s is refused with the field before anybody signs', async (_what, asked, field) => {
  await expect(office.act(ada, keyAct(newSecret(), asked))).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ field }],
  });
});
