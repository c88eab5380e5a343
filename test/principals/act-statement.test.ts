import { expect, test } from 'vitest';
import {
  type ActStatement,
  buildActStatement,
  parseActStatement,
} from '../../src/principals/act-statement.ts';

const remove: ActStatement<'approver.remove'> = {
  log: 'localhost/default',
  act: 'approver.remove',
  by: 'person:per_1',
  params: { person: 'per_2' },
  nonce: 'n'.repeat(43),
  exp: 1_767_614_400,
};

test('the text of a statement is canonical and holds everything that was signed', () => {
  const text = buildActStatement(remove);
  expect(text).toBe(
    `{"act":"approver.remove","by":"person:per_1","exp":1767614400,"log":"localhost/default","nonce":"${'n'.repeat(43)}","params":{"person":"per_2"},"typ":"act-statement/v1"}`,
  );
  expect(parseActStatement(text)).toEqual(remove);
});

test.each<ActStatement>([
  { ...remove, act: 'approver.invite', params: { name: 'Eve', groups: [], token: 'a'.repeat(64) } },
  {
    ...remove,
    act: 'approver.invite',
    params: { name: 'Eve', groups: ['x'], subject: 'u', token: 'a'.repeat(64) },
  },
  { ...remove, act: 'passkey.add', params: { person: 'per_1', credential_id: 'AA', public_key: 'AA' } },
  { ...remove, act: 'passkey.remove', params: { person: 'per_1', passkey: 'psk_1' } },
  {
    ...remove,
    act: 'service_account.create',
    params: { name: 'bot', groups: [], public_key: { kty: 'OKP', crv: 'Ed25519', x: 'AA' } },
  },
  { ...remove, act: 'service_account.remove', params: { service_account: 'svc_1' } },
  {
    ...remove,
    act: 'key.create',
    params: { name: 'ci', roles: ['reader', 'minter'], hint: 'a-_9', hash: 'a'.repeat(64) },
  },
])('a statement of $act is read back as it was built', (statement) => {
  expect(parseActStatement(buildActStatement(statement))).toEqual(statement);
});

const members = JSON.parse(buildActStatement(remove)) as Record<string, unknown>;
const keyMade = { name: 'ci', roles: ['reader'], hint: 'abcd', hash: 'a'.repeat(64) };
const sorted = (change: Record<string, unknown>): string => {
  const all = { ...members, ...change };
  return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))));
};

const keyWith = (change: Record<string, unknown>): string => {
  const params = Object.entries({ ...keyMade, ...change }).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted({ act: 'key.create', params: Object.fromEntries(params) });
};

test.each<[string, string, string]>([
  ['of another type', sorted({ typ: 'approval-statement/v1' }), 'statement.typ'],
  ['of an unknown act', sorted({ act: 'approver.promote' }), 'statement.act'],
  ['with a name of an inherited member for its act', sorted({ act: 'toString' }), 'statement.act'],
  ['with a member that is not known', sorted({ zeal: 1 }), 'statement.typ'],
  ['without its nonce', sorted({ nonce: undefined }), 'statement.typ'],
  ['with a short nonce', sorted({ nonce: 'n' }), 'statement.nonce'],
  ['by a machine', sorted({ by: 'service_account:svc_1' }), 'statement.by'],
  ['without a person to remove', sorted({ params: {} }), 'statement.person'],
  [
    'with a param of another act',
    sorted({ params: { passkey: 'x', person: 'per_2' } }),
    'statement.params.passkey',
  ],
  [
    'with a param named like an inherited member',
    sorted({ params: { constructor: 'x', person: 'per_2' } }),
    'statement.params.constructor',
  ],
  ['of a key without a role', keyWith({ roles: [] }), 'statement.params.roles'],
  ['of a key with a role that nobody knows', keyWith({ roles: ['approver'] }), 'statement.params.roles'],
  ['of a key with a role twice', keyWith({ roles: ['reader', 'reader'] }), 'statement.params.roles'],
  ['of a key with a list in the place of a role', keyWith({ roles: [['reader']] }), 'statement.params.roles'],
  ['of a key with a short hash', keyWith({ hash: 'a' }), 'statement.hash'],
  ['of a key with a long hint', keyWith({ hint: 'abcde' }), 'statement.hint'],
  ['of a key with a secret beside', keyWith({ secret: 'x' }), 'statement.params.secret'],
  ['whose time is not a whole number', sorted({ exp: 1.5 }), 'statement.exp'],
  ['that is not canonical', ` ${buildActStatement(remove)}`, 'statement.typ'],
])('a statement %s is refused with the field', (_what, text, field) => {
  expect(() => parseActStatement(text)).toThrow(
    expect.objectContaining({ code: 'invalid_request', fields: [expect.objectContaining({ field })] }),
  );
});

test('a statement that nobody could read is never made', () => {
  expect(() => buildActStatement({ ...remove, nonce: 'short' })).toThrow(
    expect.objectContaining({ code: 'internal' }),
  );
});
