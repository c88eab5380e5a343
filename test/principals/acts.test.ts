import { createHash, generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { statementChallenge } from '../../src/core/digest.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { parseActStatement } from '../../src/principals/act-statement.ts';
import type { ActOffer, SignedAct } from '../../src/principals/acts.ts';
import { listPeople } from '../../src/principals/people/people.ts';
import { removePasskey } from '../../src/principals/people/remove-passkey.ts';
import { removePerson } from '../../src/principals/people/remove-person.ts';
import { requestAct } from '../../src/principals/request-act.ts';
import { createServiceAccount } from '../../src/principals/service-accounts.ts';
import { addPasskey, offerAddedPasskey, startAddingPasskey } from '../../src/principals/web/add-passkey.ts';
import { createInvite } from '../../src/principals/web/invite-person.ts';
import { inviteToken } from '../../src/principals/web/invite-secret.ts';
import type { Misbehaviour } from './support/authenticator.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
let grace: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
  grace = await office.invite(ada, 'Grace');
});
afterEach(async () => office.close());

/** The statement with which Ada removes Grace. */
const offerRemoval = (): Promise<ActOffer> =>
  requestAct(office.deps, {
    by: ada.principal,
    request: { act: 'approver.remove', params: { person: grace.person.id } },
  });
const removeGrace = (signed: SignedAct): Promise<void> =>
  removePerson(office.deps, { ...signed, personId: grace.person.id });
const invite = { name: 'Eve', groups: [], token: inviteToken('eve') };

/** Everybody is still there, and nothing was written of the removal. */
async function expectNothingDone(): Promise<void> {
  expect((await listPeople(office.deps)).map((person) => person.name)).toEqual(['Ada', 'Grace']);
  expect(await office.entries('approver.removed')).toEqual([]);
}

test('a signed act is done once, and its entry holds the statement and a proof that anybody can check', async () => {
  const offer = await offerRemoval();
  await removeGrace(office.sign(ada, offer));
  const [entry] = await office.entries('approver.removed');
  expect(entry?.body).toEqual({
    person: grace.person.id,
    name: 'Grace',
    statement: offer.text,
    proof: expect.any(String),
  });
  expect(parseActStatement(offer.text)).toMatchObject({
    log: 'localhost/default',
    act: 'approver.remove',
    by: `person:${ada.person.id}`,
    params: { person: grace.person.id },
  });
  const [passkey] = (await listPeople(office.deps))[0]?.passkeys ?? [];
  expect(passkey?.lastUsedAt).toBe(office.deps.now());
  const proof = JSON.parse(String(entry?.body.proof));
  const clientData = JSON.parse(Buffer.from(proof.client_data_json, 'base64url').toString());
  const challenge = createHash('sha256').update(`countersign/statement/v1\n${offer.text}`).digest();
  expect(proof).toMatchObject({ kind: 'passkey', credential_id: ada.device.credentialId });
  expect(clientData.challenge).toBe(challenge.toString('base64url'));
});

test('the same assertion never serves twice, because its counter is recorded with the act', async () => {
  const before = (await listPeople(office.deps))[0]?.passkeys[0]?.counter ?? 0;
  await removeGrace(office.sign(ada, await offerRemoval()));
  expect((await listPeople(office.deps))[0]?.passkeys[0]?.counter).toBe(before + 1);
});

test('an entry is never written after the time that its statement names', async () => {
  const offer = await offerRemoval();
  office.advance(LIMITS.statementTtlMs - 1);
  await removeGrace(office.sign(ada, offer));
  expect(parseActStatement(offer.text).exp * 1000).toBeGreaterThan(office.deps.now());
});

describe('an act', () => {
  test.each<[string, Misbehaviour, string]>([
    ['over other bytes', { challenge: Buffer.alloc(32).toString('base64url') }, 'unauthenticated'],
    ['from another origin', { origin: 'https://evil.example' }, 'unauthenticated'],
    ['for another site', { rpId: 'evil.example' }, 'unauthenticated'],
    ['of the type of a registration', { type: 'webauthn.create' }, 'unauthenticated'],
    ['without user verification', { userVerified: false }, 'unauthenticated'],
    ['in a frame of another site', { clientData: { crossOrigin: true } }, 'unauthenticated'],
    ['with a counter that went back', { counter: 0 }, 'forbidden'],
    [
      'by another key',
      { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey },
      'unauthenticated',
    ],
  ])('that is signed %s is refused', async (_what, change, code) => {
    const offer = await offerRemoval();
    await expect(removeGrace(office.sign(ada, offer, change))).rejects.toMatchObject({ code });
    await expectNothingDone();
  });

  test('that is signed by the passkey of somebody else is refused', async () => {
    const offer = await offerRemoval();
    const signed = office.sign(ada, offer, { device: grace.device });
    await expect(removeGrace(signed)).rejects.toMatchObject({ code: 'forbidden' });
    await expectNothingDone();
  });

  test('that was offered to somebody else is refused, also with their signature', async () => {
    const signed = office.sign(ada, await offerRemoval());
    const stolen = { ...signed, by: grace.principal };
    await expect(removeGrace(stolen)).rejects.toMatchObject({ code: 'forbidden' });
    const own = { ...office.sign(grace, await offerRemoval()), by: grace.principal };
    await expect(removeGrace(own)).rejects.toMatchObject({ code: 'forbidden' });
    await expectNothingDone();
  });

  test('is refused as another act, and for another target than it names', async () => {
    const eve = await office.invite(ada, 'Eve');
    const signed = office.sign(ada, await offerRemoval());
    await expect(createInvite(office.deps, signed)).rejects.toMatchObject({ code: 'forbidden' });
    const asOther = removePerson(office.deps, { ...signed, personId: eve.person.id });
    await expect(asOther).rejects.toMatchObject({ code: 'invalid_request', fields: [{ field: 'person' }] });
    expect(await listPeople(office.deps)).toHaveLength(3);
  });

  test('of one approval or one sign-in is no act: a challenge of another statement is refused', async () => {
    const other = statementChallenge('{"typ":"approval-statement/v1"}');
    const challenge = Buffer.from(other).toString('base64url');
    const signed = office.sign(ada, await offerRemoval(), { challenge });
    await expect(removeGrace(signed)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expectNothingDone();
  });

  test('is done once when it comes twice at the same time, or again', async () => {
    const link = await office.link(ada, { name: 'Uncounted' });
    const uncounted = await office.enrol(link, office.newDevice({ counting: false }));
    const public_key = generateKeyPairSync('ed25519').publicKey.export({ format: 'pem', type: 'spki' });
    const params = { name: 'bot', groups: [], public_key: public_key as string };
    const offer = await requestAct(office.deps, {
      by: uncounted.principal,
      request: { act: 'service_account.create', params },
    });
    const create = () => createServiceAccount(office.deps, office.sign(uncounted, offer));
    // The second is checked while the statement is unused, and commits when it is used and the name is free again.
    const checked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { ledger } = office.deps;
    const commit: typeof ledger.commit = async (change) => {
      checked.resolve();
      await go.promise;
      return ledger.commit(change);
    };
    const second = createServiceAccount(
      { ...office.deps, ledger: { ...ledger, commit } },
      office.sign(uncounted, offer),
    );
    await checked.promise;
    await create();
    const then = [{ sql: 'UPDATE service_account SET removed_at = 1', params: [] }];
    await ledger.commit({ then, entries: [] });
    go.resolve();
    await expect(second).rejects.toMatchObject({ code: 'conflict' });
    await expect(create()).rejects.toMatchObject({ code: 'conflict' });
    expect(await office.entries('service_account.')).toHaveLength(1);
  });

  test('is refused once its statement has expired', async () => {
    const signed = office.sign(ada, await offerRemoval());
    office.advance(LIMITS.statementTtlMs);
    await expect(removeGrace(signed)).rejects.toMatchObject({ code: 'expired' });
    await expectNothingDone();
  });

  test('is refused when its person was removed after it was offered, or in the same moment', async () => {
    const eve = await office.invite(ada, 'Eve');
    const request = { act: 'approver.remove', params: { person: ada.person.id } } as const;
    const offer = await requestAct(office.deps, { by: grace.principal, request });
    const results = await Promise.allSettled([
      removeGrace(office.sign(ada, await offerRemoval())),
      removePerson(office.deps, { ...office.sign(grace, offer), personId: ada.person.id }),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    const gone = results[0]?.status === 'fulfilled' ? grace : ada;
    const left = gone === ada ? grace : ada;
    const late = await requestAct(office.deps, {
      by: gone.principal,
      request: { act: 'approver.remove', params: { person: eve.person.id } },
    });
    const signed = { ...office.sign(gone, late), personId: eve.person.id };
    await expect(removePerson(office.deps, signed)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await listPeople(office.deps)).map((one) => one.id)).toEqual([left.person.id, eve.person.id]);
  });

  test('by a passkey that is removed after the statement was offered is refused', async () => {
    const { passkey, device } = await office.addPasskey(ada);
    const offer = await offerRemoval();
    const params = { person: ada.person.id, passkey: passkey.id };
    const withdrawal = await office.act(ada, { act: 'passkey.remove', params });
    await removePasskey(office.deps, { ...withdrawal, personId: params.person, passkeyId: params.passkey });
    const signed = office.sign(ada, offer, { device });
    await expect(removeGrace(signed)).rejects.toMatchObject({ code: 'forbidden' });
    await expectNothingDone();
  });
});

describe('adding a passkey', () => {
  async function offerFor(who: Enrolled) {
    const device = office.newDevice();
    const { challengeId, options } = await startAddingPasskey(office.deps, who.principal);
    const response = device.create({ challenge: options.challenge });
    return { device, options, challengeId, response };
  }

  test('asks for another device than those that are enrolled', async () => {
    const { options } = await offerFor(ada);
    expect(options.excludeCredentials).toMatchObject([{ id: ada.device.credentialId }]);
    expect(options.authenticatorSelection).toMatchObject({ userVerification: 'required' });
  });

  test('is refused to another person than the one who began it, and with the new passkey alone', async () => {
    const { challengeId, response } = await offerFor(ada);
    const crossed = offerAddedPasskey(office.deps, { by: grace.principal, challengeId, response });
    await expect(crossed).rejects.toThrow(/another person/);
    const { device, ...begun } = await offerFor(ada);
    const offer = await offerAddedPasskey(office.deps, { by: ada.principal, ...begun });
    for (const signer of [device, grace.device]) {
      const signed = { ...office.sign(ada, offer, { device: signer }), personId: ada.person.id };
      await expect(addPasskey(office.deps, signed)).rejects.toMatchObject({ code: 'forbidden' });
    }
    expect(await office.entries('passkey.')).toEqual([]);
  });

  test('is bounded in number', async () => {
    for (let count = 1; count < LIMITS.passkeysPerPerson; count += 1) await office.addPasskey(ada);
    await expect(office.addPasskey(ada)).rejects.toMatchObject({ code: 'conflict' });
  });
});

test('open statements are bounded for each person, and stale ones make room', async () => {
  const request = { act: 'approver.invite', params: invite } as const;
  const ask = (who: Enrolled) => requestAct(office.deps, { by: who.principal, request });
  await Promise.all(Array.from({ length: LIMITS.openActsPerPerson }, () => ask(ada)));
  await expect(ask(ada)).rejects.toMatchObject({ code: 'rate_limited' });
  await ask(grace);
  office.advance(LIMITS.statementTtlMs);
  await ask(ada);
});
