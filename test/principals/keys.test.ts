import { afterEach, beforeEach, expect, test } from 'vitest';
import { authenticateKey, createKey, hadKeys, listKeys, revokeKey } from '../../src/principals/keys.ts';
import type { KeyPage } from '../../src/principals/store.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(async () => office.close());

test('a key authenticates its holder, and only its hash and hint are kept', async () => {
  const { key, secret } = await createKey(office.deps, {
    name: ' CI ',
    roles: ['minter', 'minter'],
    by: 'system',
  });
  expect(secret).toMatch(/^cs_[A-Za-z0-9_-]{43}$/);
  expect(await authenticateKey(office.deps, secret)).toEqual({
    kind: 'api_key',
    id: key.id,
    name: 'CI',
    roles: ['minter'],
  });
  const stored = await office.deps.database.query({ sql: 'SELECT * FROM api_key', params: [] });
  const everything = JSON.stringify([
    stored,
    await office.entries(''),
    await listKeys(office.deps, { limit: 9 }),
  ]);
  expect(everything).not.toContain(secret.slice(3));
  expect(key.hint).toBe(secret.slice(-4));
});

test('a revoked key is refused at once; revoking it again changes nothing', async () => {
  const { key, secret } = await createKey(office.deps, { name: 'CI', roles: ['reader'], by: 'system' });
  await revokeKey(office.deps, { id: key.id, by: 'api_key:key_root' });
  expect(await authenticateKey(office.deps, secret)).toBeUndefined();
  const again = await revokeKey(office.deps, { id: key.id, by: 'api_key:key_root' });
  expect(again.revokedAt).toBe(office.deps.now());
  expect((await office.entries('key.')).map((entry) => entry.type)).toEqual(['key.created', 'key.revoked']);
  expect((await listKeys(office.deps, { limit: 9 })).map((one) => one.revokedAt)).toEqual([
    office.deps.now(),
  ]);
});

test('the last operator key in force is not revoked, whoever asks, and one that is left lets go of the others', async () => {
  const make = async (roles: string[]) =>
    (await createKey(office.deps, { name: 'x', roles, by: 'system' })).key.id;
  // One that may not make keys stays in force all along.
  await make(['reader', 'minter', 'requester']);
  const [first, second, reader] = [
    await make(['operator', 'reader']),
    await make(['operator']),
    await make(['reader']),
  ];
  const revoke = (id: string) => revokeKey(office.deps, { id, by: 'person:per_1' });
  await revoke(reader);
  await revoke(first);
  await expect(revoke(second)).rejects.toMatchObject({ code: 'conflict' });
  const ended = await listKeys(office.deps, { limit: 9, state: 'revoked' });
  expect(ended.map(({ id }) => id).sort()).toEqual([first, reader].sort());
  expect(await office.entries('key.revoked')).toHaveLength(2);
});

test('keys are listed newest first, page by page, by whether they are in force and by who made them', async () => {
  const made: string[] = [];
  for (const by of ['person:per_1', 'api_key:key_1', 'person:per_1', 'person:per_10']) {
    made.push((await createKey(office.deps, { name: 'x', roles: ['reader'], by })).key.id);
    if (made.length !== 2) office.advance(1_000);
  }
  const [oldest = '', one = '', other = '', newest = ''] = made;
  await revokeKey(office.deps, { id: one, by: 'x' });
  const list = async (page: Partial<KeyPage>) =>
    (await listKeys(office.deps, { limit: 9, ...page })).map(({ id }) => id);
  // Two of one moment, by their ids.
  const between = [one, other].sort().reverse();
  expect(await list({})).toEqual([newest, ...between, oldest]);
  const walked: string[] = [];
  let before: KeyPage['before'];
  for (let last = await listKeys(office.deps, { limit: 1 }); last[0] !== undefined; ) {
    before = last[0];
    walked.push(before.id);
    last = await listKeys(office.deps, { limit: 1, before });
  }
  expect(walked).toEqual([newest, ...between, oldest]);
  expect(await list({ state: 'active' })).toEqual([newest, other, oldest]);
  expect(await list({ state: 'revoked' })).toEqual([one]);
  expect(await list({ createdBy: 'person:per_1' })).toEqual([other, oldest]);
  expect(await hadKeys({ ...office.deps, workspace: 'another' })).toBe(false);
  for (const id of [oldest, other, newest]) await revokeKey(office.deps, { id, by: 'x' });
  expect([await list({ state: 'active' }), await hadKeys(office.deps)]).toEqual([[], true]);
});

test('unknown and malformed keys authenticate nobody', async () => {
  for (const token of [
    '',
    'cs_',
    `cs_${'a'.repeat(43)}`,
    `cs_${'a'.repeat(44)}`,
    `CS_${'a'.repeat(43)}`,
    "cs_' OR 1=1",
  ]) {
    expect(await authenticateKey(office.deps, token)).toBeUndefined();
  }
});

test('a key for an unknown role, for no role, or without a name is refused with the field', async () => {
  const create = (name: string, roles: string[]) => createKey(office.deps, { name, roles, by: 'system' });
  await expect(create('x', ['reader', 'approver'])).rejects.toMatchObject({
    fields: [{ field: 'roles[1]' }],
  });
  await expect(create('x', [])).rejects.toMatchObject({ fields: [{ field: 'roles' }] });
  await expect(create('  ', ['reader'])).rejects.toMatchObject({ fields: [{ field: 'name' }] });
});

test('revoking a key that never was is not found', async () => {
  await expect(revokeKey(office.deps, { id: 'key_none', by: 'system' })).rejects.toMatchObject({
    code: 'not_found',
  });
  expect(await office.entries('key.')).toEqual([]);
});
