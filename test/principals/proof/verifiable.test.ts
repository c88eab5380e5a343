import { createHash } from 'node:crypto';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkAssertion } from '../../../src/principals/people/passkey.ts';
import { verifyPersonAssertion } from '../../../src/principals/prove.ts';
import { relyingParty } from '../../../src/principals/web/relying-party.ts';
import { softAuthenticator } from '../support/authenticator.ts';
import { type Enrolled, type Office, ORIGIN, openOffice } from '../support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

const challenge = createHash('sha256').update('a statement').digest();

function read(response: AuthenticationResponseJSON, member: 'authenticatorData' | 'signature'): Buffer {
  return Buffer.from(response.response[member], 'base64url');
}

/** An assertion whose `r` has its highest bit set, so that DER needs a zero before it. */
function withHighR(): AuthenticationResponseJSON {
  for (;;) {
    const response = ada.device.get({ challenge: challenge.toString('base64url') });
    if (read(response, 'signature')[3] === 33) return response;
  }
}

/** The same signature without that zero: a negative integer, which no verifier of DER takes. */
function negativeR(response: AuthenticationResponseJSON): AuthenticationResponseJSON {
  const der = read(response, 'signature');
  const changed = Buffer.concat([Buffer.from([0x30, (der[1] ?? 0) - 1, 0x02, 32]), der.subarray(5)]).toString(
    'base64url',
  );
  return { ...response, response: { ...response.response, signature: changed } };
}

function padded(response: AuthenticationResponseJSON): AuthenticationResponseJSON {
  const authenticatorData = read(response, 'authenticatorData').toString('base64url');
  const filled = authenticatorData.padEnd(Math.ceil(authenticatorData.length / 4) * 4, '=');
  return { ...response, response: { ...response.response, authenticatorData: filled } };
}

function prove(assertion: AuthenticationResponseJSON) {
  return verifyPersonAssertion(office.deps, {
    challenge,
    assertion,
    personId: ada.person.id,
    expectedOrigin: ORIGIN,
  });
}

describe('an assertion that only a lenient reader takes', () => {
  test.each([
    ['a signature that is not DER', () => negativeR(withHighR()), /its signature is not by this passkey/],
    [
      'base64url with padding',
      () => padded(ada.device.get({ challenge: challenge.toString('base64url') })),
      /a member of it is not base64url/,
    ],
  ])(
    'is refused before it is on the ledger, where it would stay for good: %s',
    async (_what, make, reason) => {
      const assertion = make();
      const [row] = await office.deps.database.query({ sql: 'SELECT * FROM passkey', params: [] });
      const passkey = {
        credentialId: String(row?.credential_id),
        publicKey: String(row?.public_key),
        personId: ada.person.id,
        deviceType: String(row?.device_type),
      };
      const taken = checkAssertion(relyingParty(ORIGIN), {
        response: assertion,
        challenge: challenge.toString('base64url'),
        passkey,
      });
      await expect(taken).resolves.toMatchObject({ backupEligible: false });
      await expect(prove(assertion)).rejects.toMatchObject({
        code: 'unauthenticated',
        message: expect.stringMatching(reason),
      });
    },
  );
});

test('a passkey whose public key holds what no verifier reads cannot be enrolled', async () => {
  const link = await office.link(ada, { name: 'Eve' });
  const odd = softAuthenticator({ origin: ORIGIN, rpId: 'localhost', keyMember: [4, new Map([[1, 2]])] });
  await expect(office.enrol(link, odd)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await office.entries('approver.enrolled')).toHaveLength(1);
});
