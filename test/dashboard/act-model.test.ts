import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { statementChallenge } from '../../src/core/digest.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { isMadeHere } from '../../src/dashboard/browser/model/new-passkey.ts';
import { publicKeyOf } from '../../src/dashboard/browser/model/public-key.ts';
import { verifyAct } from '../../src/dashboard/browser/model/verify-act.ts';
import { parsePublicKey } from '../../src/principals/service-account.ts';

const ed25519 = generateKeyPairSync('ed25519');
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = { format: 'pem', type: 'spki' } as const;

test.each([
  ['Ed25519', ed25519],
  ['P-256', p256],
])(
  'a pasted %s key is read into the very JWK that the gateway signs, from PEM and from JWK',
  (_kind, pair) => {
    const jwk = pair.publicKey.export({ format: 'jwk' }) as JsonObject;
    for (const text of [
      pair.publicKey.export(pem) as string,
      ` ${JSON.stringify({ ...jwk, kid: 'mine', alg: 'x' })} `,
      (pair.publicKey.export(pem) as string).replaceAll('\n', '\r\n'),
    ]) {
      expect(canonicalize(publicKeyOf(text))).toBe(parsePublicKey(jwk));
    }
  },
);

test.each<[string, string]>([
  ['a private PEM', ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
  ['a private JWK', JSON.stringify(p256.privateKey.export({ format: 'jwk' }))],
  ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export(pem) as string],
  ['another curve', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export(pem) as string],
  ['X25519', generateKeyPairSync('x25519').publicKey.export(pem) as string],
  ['nothing', ''],
  ['an SSH key', 'ssh-ed25519 AAAA'],
])('%s is not taken for a public key', (_what, text) => {
  expect(() => publicKeyOf(text)).toThrow(/private key|Expected/);
});

describe('a new passkey', () => {
  const id = Buffer.alloc(20, 7);
  const key = Buffer.from([0xa1, 1, 2]);
  const data = Buffer.concat([Buffer.alloc(53), Buffer.from([0, id.length]), id, key, Buffer.from([0xa0])]);
  const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const made = { credentialId: b64(id), publicKey: b64(key) };

  test('is known by its id and key in what the authenticator answered', () => {
    expect(isMadeHere(b64(data), made)).toBe(true);
  });

  test.each<[string, object]>([
    ['another key', { publicKey: b64(Buffer.from([0xa1, 1, 3])) }],
    ['a longer key', { publicKey: b64(Buffer.from([0xa1, 1, 2, 0xa0, 0])) }],
    ['another id', { credentialId: b64(Buffer.alloc(20, 8)) }],
    ['no key', { publicKey: undefined }],
  ])('is not taken for one with %s', (_what, change) => {
    expect(isMadeHere(b64(data), { ...made, ...change })).toBe(false);
  });

  test('is not known where the browser does not tell what was made', () => {
    expect(isMadeHere('', made)).toBe(false);
  });
});

describe('the statement of an act', () => {
  const shown = {
    act: 'approver.remove',
    params: { person: 'per_2' },
    personId: 'per_1',
    hostname: 'localhost',
    now: 1_000,
  };
  const said: JsonObject = {
    typ: 'act-statement/v1',
    log: 'localhost/default',
    act: 'approver.remove',
    by: 'person:per_1',
    params: { person: 'per_2' },
    nonce: 'n'.repeat(43),
    exp: 2,
  };
  const given = (statement: string, challengeOfText = statement) => ({
    statementId: 'act_1',
    statement,
    challenge: Buffer.from(statementChallenge(challengeOfText)).toString('base64url'),
    expiresAt: 'e',
    rpId: 'localhost',
    allowCredentials: [],
  });

  test('that says what is shown gives the challenge that the gateway checks', async () => {
    const statement = given(canonicalize(said));
    expect(await verifyAct(statement, shown)).toBe(statement.challenge);
  });

  test.each<[string, JsonObject, RegExp]>([
    ['another act', { act: 'passkey.remove' }, /what is done/],
    ['another person', { params: { person: 'per_3' } }, /its details/],
    ['more than is shown', { params: { person: 'per_2', groups: [] } }, /its details/],
    ['somebody else as signer', { by: 'person:per_9' }, /who signs/],
    ['the type of a decision', { typ: 'approval-statement/v1' }, /its type/],
    ['a time that is over', { exp: 1 }, /expired/],
    ['no nonce', { nonce: '' }, /nonce/],
  ])('that says %s is refused', async (_what, change, problem) => {
    await expect(verifyAct(given(canonicalize({ ...said, ...change })), shown)).rejects.toThrow(problem);
  });

  test('that is for another site, or whose challenge is of another text, is refused', async () => {
    const text = canonicalize(said);
    await expect(verifyAct({ ...given(text), rpId: 'evil.example' }, shown)).rejects.toThrow(/the site/);
    await expect(verifyAct(given(text, 'x'), shown)).rejects.toThrow(/not the digest/);
    await expect(verifyAct(given(` ${text}`), shown)).rejects.toThrow(/canonical/);
  });
});
