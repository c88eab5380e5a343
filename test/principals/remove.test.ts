import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listPeople } from '../../src/principals/people/people.ts';
import { removePasskey } from '../../src/principals/people/remove-passkey.ts';
import { createBootstrapInvite } from '../../src/principals/web/invite.ts';
import { authenticateWeb, finishSignIn, startSignIn } from '../../src/principals/web/sign-in.ts';
import type { SoftAuthenticator } from './support/authenticator.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

async function signIn(device: SoftAuthenticator) {
  const { challengeId, options } = await startSignIn(office.deps);
  return finishSignIn(office.deps, {
    challengeId,
    response: device.get({ challenge: options.challenge }),
  });
}

async function passkeysOf(who: Enrolled): Promise<string[]> {
  const person = (await listPeople(office.deps)).find((one) => one.id === who.person.id);
  return (person?.passkeys ?? []).map((passkey) => passkey.id);
}

async function remove(by: Enrolled, at: { of: Enrolled; passkey: string }): Promise<void> {
  const params = { person: at.of.person.id, passkey: at.passkey };
  const signed = await office.act(by, { act: 'passkey.remove', params });
  await removePasskey(office.deps, { ...signed, personId: params.person, passkeyId: params.passkey });
}

describe('removing a person', () => {
  test('ends their sessions, passkeys and open invites at once', async () => {
    const grace = await office.invite(ada, 'Grace');
    const link = await office.link(grace, { name: 'Eve' });
    await office.remove(ada, grace);
    expect(await authenticateWeb(office.deps, grace.webToken)).toBeUndefined();
    await expect(signIn(grace.device)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(office.enrol(link)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await listPeople(office.deps)).map((person) => person.name)).toEqual(['Ada']);
    const [entry] = await office.entries('approver.removed');
    expect(entry).toMatchObject({
      ref: { principal: `person:${ada.person.id}` },
      body: {
        person: grace.person.id,
        name: 'Grace',
        statement: expect.any(String),
        proof: expect.any(String),
      },
    });
  });

  test('is not even offered for oneself, for strangers, and for those who are gone', async () => {
    const grace = await office.invite(ada, 'Grace');
    const ask = (by: Enrolled, person: string) =>
      office.act(by, { act: 'approver.remove', params: { person } });
    await expect(ask(ada, ada.person.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(ask(ada, 'per_none')).rejects.toMatchObject({ code: 'not_found' });
    await office.remove(ada, grace);
    await expect(ask(ada, grace.person.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('leaves one of two who remove each other at the same time', async () => {
    const grace = await office.invite(ada, 'Grace');
    const results = await Promise.allSettled([office.remove(ada, grace), office.remove(grace, ada)]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await listPeople(office.deps)).toHaveLength(1);
  });

  test('leaves somebody who can invite, so no second bootstrap link is ever good', async () => {
    const grace = await office.invite(ada, 'Grace');
    await office.remove(grace, ada);
    expect(await listPeople(office.deps)).toHaveLength(1);
    const again = { name: 'Mallory', groups: [], replace: true };
    expect(await createBootstrapInvite(office.deps, again)).toBeUndefined();
    expect((await office.invite(grace, 'Heir')).person.name).toBe('Heir');
  });
});

describe('a second passkey', () => {
  test('is enrolled by the first one’s signature, and signs in from then on', async () => {
    const { passkey, device } = await office.addPasskey(ada);
    expect((await signIn(device)).person.id).toBe(ada.person.id);
    const [entry] = await office.entries('passkey.added');
    expect(entry).toMatchObject({
      ref: { principal: `person:${ada.person.id}`, action: 'passkeys.add' },
      body: {
        person: ada.person.id,
        passkey: {
          id: passkey.id,
          credential_id: device.credentialId,
          rp_id: 'localhost',
          attestation: 'none',
        },
      },
    });
    const signed = JSON.parse(String(entry?.body.statement));
    expect(signed).toMatchObject({
      act: 'passkey.add',
      params: { person: ada.person.id, credential_id: device.credentialId, public_key: passkey.publicKey },
    });
  });

  test('that is enrolled already, for anybody, is refused', async () => {
    const grace = await office.invite(ada, 'Grace');
    await expect(office.addPasskey(ada, grace.device)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('removing a passkey', () => {
  test('ends what it signs and the sign-ins that it began, and leaves the others', async () => {
    const [first = ''] = await passkeysOf(ada);
    const { device } = await office.addPasskey(ada);
    const { webToken } = await signIn(device);
    await remove({ ...ada, device }, { of: ada, passkey: first });
    expect(await passkeysOf(ada)).not.toContain(first);
    await expect(signIn(ada.device)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(await authenticateWeb(office.deps, ada.webToken)).toBeUndefined();
    expect(await authenticateWeb(office.deps, webToken)).toMatchObject({ id: ada.person.id });
    const [entry] = await office.entries('passkey.removed');
    expect(entry?.body).toEqual({
      person: ada.person.id,
      passkey: first,
      statement: expect.any(String),
      proof: expect.any(String),
    });
  });

  test('can be done by another person, but never to the only one', async () => {
    const grace = await office.invite(ada, 'Grace');
    const [only = ''] = await passkeysOf(grace);
    await expect(remove(ada, { of: grace, passkey: only })).rejects.toThrow(/only passkey/);
    const { passkey } = await office.addPasskey(grace);
    await remove(ada, { of: grace, passkey: passkey.id });
    expect(await passkeysOf(grace)).toEqual([only]);
  });

  test('leaves one of two that are removed at the same time', async () => {
    const link = await office.link(ada, { name: 'Grace' });
    const grace = await office.enrol(link, office.newDevice({ counting: false }));
    const [first = ''] = await passkeysOf(ada);
    const { passkey } = await office.addPasskey(ada);
    const results = await Promise.allSettled([
      remove(grace, { of: ada, passkey: first }),
      remove(grace, { of: ada, passkey: passkey.id }),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await passkeysOf(ada)).toHaveLength(1);
  });

  test('of one person under the name of another finds nothing', async () => {
    const grace = await office.invite(ada, 'Grace');
    const { passkey } = await office.addPasskey(grace);
    await expect(remove(ada, { of: ada, passkey: passkey.id })).rejects.toMatchObject({ code: 'not_found' });
  });
});
