import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { approverFacts } from '../../src/principals/approver-groups.ts';
import { removePasskey } from '../../src/principals/people/remove-passkey.ts';
import { allowedCredentials, verifyPersonAssertion } from '../../src/principals/prove.ts';
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
  return verifyPersonAssertion(office.deps, { challenge, assertion, personId, expectedOrigin: ORIGIN });
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
    const { recordUse } = await verifyPersonAssertion(office.deps, input);
    await office.deps.ledger.commit({ guard: recordUse, entries: [] });
    await expect(verifyPersonAssertion(office.deps, input)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test.each<[string, Misbehaviour]>([
    ['another statement', { challenge: Buffer.alloc(32).toString('base64url') }],
    ['another origin', { origin: 'https://evil.example' }],
    ['another RP id', { rpId: 'evil.example' }],
    ['another type', { type: 'webauthn.create' }],
    ['no user verification', { userVerified: false }],
    ['a frame of another site', { clientData: { crossOrigin: true } }],
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
    await office.remove(ada, grace);
    expect(await holds(proven.stillValid)).toBe(false);
    const committed = await office.deps.ledger.commit({ guard: proven.recordUse, entries: [] });
    expect(committed.kind).toBe('refused');
    await expect(decide(grace)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('is made by the second passkey, and not by the first once that is removed', async () => {
    const { device } = await office.addPasskey(ada);
    const [first] = await office.deps.database.query({ sql: 'SELECT id FROM passkey', params: [] });
    const second = { ...ada, device };
    const proven = await decide(ada);
    const at = { person: ada.person.id, passkey: String(first?.id) };
    const signed = await office.act(second, { act: 'passkey.remove', params: at });
    await removePasskey(office.deps, { ...signed, personId: at.person, passkeyId: at.passkey });
    expect(await holds(proven.stillValid)).toBe(false);
    await expect(decide(ada)).rejects.toMatchObject({ code: 'forbidden' });
    const { stillValid, proof } = await decide(second);
    expect(await holds(stillValid)).toBe(true);
    expect(proof.credential_id).toBe(device.credentialId);
  });

  test('with a counter that went back is flagged in the ledger', async () => {
    await expect(decide(ada, { counter: 0 })).rejects.toThrow(/copied/);
    expect(await office.entries('passkey.')).toMatchObject([
      { type: 'passkey.suspect', body: { person: ada.person.id, received: 0 } },
    ]);
  });

  test('tells what policy may ask of the authenticator', async () => {
    const aaguid = '00112233445566778899aabbccddeeff';
    const link = await office.link(ada, { name: 'Grace' });
    const grace = await office.enrol(link, office.newDevice({ backupEligible: true, aaguid, attests: true }));
    expect((await decide(grace)).authenticator).toEqual({
      backupEligible: true,
      attestation: 'self',
      aaguid: '00112233-4455-6677-8899-aabbccddeeff',
    });
    expect((await decide(ada)).authenticator).toMatchObject({ backupEligible: false, attestation: 'none' });
  });
});

test('the facts of an approver are their groups and whose agents act for them, until they are removed', async () => {
  const grace = await office.invite(ada, 'Grace', { groups: ['board'], subject: 'user-7' });
  const ref = `person:${grace.person.id}`;
  expect(await approverFacts(office.deps, ref)).toEqual({ groups: ['board'], subject: 'user-7' });
  expect(await approverFacts(office.deps, `person:${ada.person.id}`)).toEqual({ groups: ['finance'] });
  await office.remove(ada, grace);
  for (const unknown of [ref, grace.person.id, 'person:per_none', 'service_account:svc_none', 'api_key:x']) {
    expect(await approverFacts(office.deps, unknown)).toBeUndefined();
  }
});
