import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { originBelongsTo, readProof, verifyProof } from '../../../src/principals/proof/assertion.ts';
import { readCoseKey } from '../../../src/principals/proof/cose-key.ts';
import { fixedDevice } from '../../evidence/support/device.ts';
import { softAuthenticator } from '../support/authenticator.ts';

const CHALLENGE = createHash('sha256').update('statement').digest();
const sha256 = (data: string | Uint8Array): Buffer => createHash('sha256').update(data).digest();

function outcome(device: ReturnType<typeof fixedDevice>, proof: string): string {
  const key = readCoseKey(device.publicKey);
  if (key === undefined) return 'no key';
  const party = { kind: 'passkey', credentialId: device.credentialId, key, rpId: 'localhost' } as const;
  const proven = verifyProof({ challenge: CHALLENGE, proof: readProof(proof) ?? {}, party });
  return proven.ok ? `ok${proven.backupEligible ? ' synced' : ''}` : proven.reason;
}

describe('the proof of a passkey', () => {
  it.each(['ES256', 'EdDSA'] as const)('holds for a key of %s, and not for another', (kind) => {
    const device = fixedDevice('a', kind);
    expect(outcome(device, device.prove(CHALLENGE))).toBe('ok');
    expect(outcome(device, device.prove(CHALLENGE, { flags: 0x1d }))).toBe('ok synced');
    const other = JSON.parse(fixedDevice('b', kind).prove(CHALLENGE));
    const stolen = JSON.stringify({ ...other, credential_id: device.credentialId });
    expect(outcome(device, stolen)).toBe('its signature is not by this passkey');
  });

  it('holds for an RSA key', () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n = '' } = publicKey.export({ format: 'jwk' });
    const head = Buffer.from([0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00]);
    const tail = Buffer.from([0x21, 0x43, 0x01, 0x00, 0x01]);
    const cose = Buffer.concat([head, Buffer.from(n, 'base64url'), tail]).toString('base64url');
    const base = fixedDevice('rsa');
    const proof = JSON.parse(base.prove(CHALLENGE));
    const part = (name: string): Buffer => Buffer.from(proof[name], 'base64url');
    const signed = Buffer.concat([part('authenticator_data'), sha256(part('client_data_json'))]);
    const signature = sign('sha256', signed, privateKey).toString('base64url');
    const device = { ...base, publicKey: cose };
    expect(outcome(device, JSON.stringify({ ...proof, signature }))).toBe('ok');
    expect(outcome(device, JSON.stringify(proof))).toBe('its signature is not by this passkey');
  });

  it('holds for what an authenticator in software makes', () => {
    const device = softAuthenticator({ origin: 'http://localhost:4400', rpId: 'localhost' });
    const created = device.create({ challenge: 'AAAA' });
    const object = Buffer.from(created.response.attestationObject, 'base64url');
    const cose = object.subarray(object.indexOf(Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26])));
    const { response } = device.get({ challenge: CHALLENGE.toString('base64url') });
    const proof = JSON.stringify({
      kind: 'passkey',
      credential_id: device.credentialId,
      client_data_json: response.clientDataJSON,
      authenticator_data: response.authenticatorData,
      signature: response.signature,
    });
    const known = {
      ...fixedDevice('x'),
      credentialId: device.credentialId,
      publicKey: cose.toString('base64url'),
    };
    expect(outcome(known, proof)).toBe('ok');
  });

  it('is refused when it is of another kind, or no proof at all', () => {
    const device = fixedDevice('a');
    expect(outcome(device, '{"kind":"service_account"}')).toBe('it is not of kind passkey');
    expect(outcome(device, '[]')).toBe('it is not of kind passkey');
    const proof = JSON.parse(device.prove(CHALLENGE));
    expect(outcome(device, JSON.stringify({ ...proof, signature: '!' }))).toBe(
      'a member of it is not base64url',
    );
    expect(outcome(device, JSON.stringify({ ...proof, client_data_json: 'AAAA' }))).toContain(
      'its client data is not',
    );
    expect(outcome(device, JSON.stringify({ ...proof, authenticator_data: 'AAAA' }))).toBe(
      'its authenticator data is too short',
    );
  });
});

it('an origin belongs to an RP id of its host or above, over https or on localhost alone', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['https://app.example.com', 'example.com', true],
    ['https://example.com', 'example.com', true],
    ['https://example.com:8443', 'example.com', true],
    ['http://localhost:4400', 'localhost', true],
    ['http://a.localhost:4400', 'localhost', true],
    ['http://example.com', 'example.com', false],
    ['https://evil-example.com', 'example.com', false],
    ['https://example.com.evil.org', 'example.com', false],
    ['https://example.com/path', 'example.com', false],
    ['https://user@example.com', 'example.com', false],
    ['example.com', 'example.com', false],
    ['null', 'example.com', false],
  ];
  for (const [origin, rpId, expected] of cases)
    expect([origin, originBelongsTo(origin, rpId)]).toEqual([origin, expected]);
});

it('a COSE key that is cut, longer, of another kind or no point is no key', () => {
  const good = Buffer.from(fixedDevice('a').publicKey, 'base64url');
  expect(readCoseKey(good.toString('base64url'))?.algorithm).toBe('ES256');
  const otherCurve = Buffer.from(good).fill(2, 6, 7);
  const notAPoint = Buffer.from(good).fill(0, 12, 40);
  const bad = [
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.of(0)]),
    otherCurve,
    notAPoint,
    Buffer.alloc(0),
    randomBytes(77).fill(0xff, 0, 1),
  ];
  for (const bytes of bad) expect(readCoseKey(Buffer.from(bytes).toString('base64url'))).toBeUndefined();
});
