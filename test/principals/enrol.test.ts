import { afterEach, beforeEach, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { listPeople } from '../../src/principals/people/people.ts';
import { finishEnrolment, startEnrolment } from '../../src/principals/web/enrol.ts';
import { createBootstrapInvite, createInvite } from '../../src/principals/web/invite.ts';
import { authenticateWeb } from '../../src/principals/web/sign-in.ts';
import { type Office, openOffice, tokenOf } from './support/office.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});
afterEach(async () => office.close());

const bootstrapInput = { name: 'Ada', groups: ['finance'] };

async function bootstrapLink() {
  const link = await createBootstrapInvite(office.deps, bootstrapInput);
  if (link === undefined) throw new Error('no link');
  return link;
}

test('the bootstrap link enrols the first person, signs them in, and is on the ledger with the public key', async () => {
  const link = await bootstrapLink();
  expect(link.path).toMatch(/^\/enrol#[A-Za-z0-9_-]{43}$/);
  const { person, webToken, device } = await office.enrol(link);
  expect(person).toMatchObject({ name: 'Ada', groups: ['finance'] });
  expect(await authenticateWeb(office.deps, webToken)).toEqual({
    kind: 'person',
    id: person.id,
    name: 'Ada',
    groups: ['finance'],
  });
  const [invited, enrolled] = await office.entries('approver.');
  expect(invited).toMatchObject({ type: 'approver.invited', body: { invite: link.id } });
  expect(enrolled).toMatchObject({
    type: 'approver.enrolled',
    ref: { principal: `person:${person.id}` },
    body: { invited_by: 'bootstrap', passkey: { credential_id: device.credentialId, rp_id: 'localhost' } },
  });
  expect(JSON.stringify(await office.entries(''))).not.toContain(tokenOf(link));
});

test('the options ask for a discoverable credential and for user verification', async () => {
  const { options } = await startEnrolment(office.deps, { token: tokenOf(await bootstrapLink()) });
  expect(options.authenticatorSelection).toMatchObject({
    residentKey: 'required',
    userVerification: 'required',
  });
  expect(options.rp.id).toBe('localhost');
  expect(Buffer.from(options.challenge, 'base64url')).toHaveLength(32);
});

test('a link enrols once, also when two browsers finish at the same time', async () => {
  const link = await bootstrapLink();
  const results = await Promise.allSettled([office.enrol(link), office.enrol(link)]);
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  await expect(office.enrol(link)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await listPeople(office.deps)).toHaveLength(1);
});

test('no second bootstrap link is made while one is live, and replacing it ends the first', async () => {
  const first = await bootstrapLink();
  expect(await createBootstrapInvite(office.deps, bootstrapInput)).toBeUndefined();
  const second = await createBootstrapInvite(office.deps, { ...bootstrapInput, replace: true });
  if (second === undefined) throw new Error('no link');
  await expect(office.enrol(first)).rejects.toMatchObject({ code: 'unauthenticated' });
  await office.enrol(second);
  expect(await createBootstrapInvite(office.deps, { ...bootstrapInput, replace: true })).toBeUndefined();
});

test('a bootstrap link that has expired is refused, and a new one can be made', async () => {
  const link = await bootstrapLink();
  office.advance(LIMITS.enrolLinkTtlMs);
  await expect(office.enrol(link)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await createBootstrapInvite(office.deps, bootstrapInput)).toBeDefined();
});

test('others are enrolled only by the invite of an enrolled person', async () => {
  const ada = await office.bootstrap();
  const grace = await office.invite(ada, 'Grace');
  expect((await listPeople(office.deps)).map((person) => person.name)).toEqual(['Ada', 'Grace']);
  expect((await listPeople(office.deps))[1]?.passkeys).toHaveLength(1);
  expect(grace.person.id).not.toBe(ada.person.id);
  for (const by of [
    { kind: 'api_key', id: 'key_1', name: 'root', roles: ['operator'] },
    { kind: 'service_account', id: 'svc_1', name: 'bot', groups: [] },
    { kind: 'session', id: 'ses_1', subject: 'u' },
    { kind: 'person', id: 'per_nobody', name: 'Mallory', groups: [] },
  ] as const) {
    const made = createInvite(office.deps, { by, name: 'Eve', groups: [] });
    await expect(made).rejects.toMatchObject({ code: 'forbidden' });
  }
});

test('an invite names its fields when the name or a group cannot be', async () => {
  const ada = await office.bootstrap();
  const invite = (name: string, groups: string[]) =>
    createInvite(office.deps, { by: ada.principal, name, groups });
  await expect(invite('Ev\u202Ee', [])).rejects.toMatchObject({
    code: 'invalid_request',
    fields: [{ field: 'name' }],
  });
  await expect(invite('Eve', ['a', 'B!'])).rejects.toMatchObject({ fields: [{ field: 'groups[1]' }] });
});

test.each([
  ['another origin', { origin: 'http://evil.localhost:4400' }],
  ['another port', { origin: 'http://localhost:4401' }],
  ['another RP id', { rpId: 'evil.example' }],
  ['another type', { type: 'webauthn.get' }],
  ['another challenge', { challenge: Buffer.alloc(32).toString('base64url') }],
  ['no user verification', { userVerified: false }],
  ['a frame of another site', { clientData: { crossOrigin: true } }],
  [
    'a frame with a known top origin',
    { clientData: { crossOrigin: true, topOrigin: 'https://evil.example' } },
  ],
])('an enrolment with %s is refused and spends the challenge', async (_what, change) => {
  const link = await bootstrapLink();
  const { challengeId, options } = await startEnrolment(office.deps, { token: tokenOf(link) });
  const device = office.newDevice();
  const finish = (response: ReturnType<typeof device.create>) =>
    finishEnrolment(office.deps, { token: tokenOf(link), challengeId, response });
  const bad = device.create({ challenge: options.challenge, ...change });
  await expect(finish(bad)).rejects.toMatchObject({ code: 'unauthenticated' });
  await expect(finish(device.create({ challenge: options.challenge }))).rejects.toThrow(/challenge is used/);
  expect(await listPeople(office.deps)).toEqual([]);
});

test('a challenge of one link does not enrol by another', async () => {
  const ada = await office.bootstrap();
  const by = ada.principal;
  const one = await createInvite(office.deps, { by, name: 'One', groups: [] });
  const two = await createInvite(office.deps, { by, name: 'Two', groups: ['finance'] });
  const { challengeId, options } = await startEnrolment(office.deps, { token: tokenOf(one) });
  const response = office.newDevice().create({ challenge: options.challenge });
  const crossed = finishEnrolment(office.deps, { token: tokenOf(two), challengeId, response });
  await expect(crossed).rejects.toThrow(/another link/);
});

test('a passkey that is enrolled already is refused', async () => {
  const ada = await office.bootstrap();
  const link = await createInvite(office.deps, { by: ada.principal, name: 'Ada again', groups: [] });
  await expect(office.enrol(link, ada.device)).rejects.toMatchObject({ code: 'conflict' });
});

test('open challenges are bounded, and stale ones make room', async () => {
  const token = tokenOf(await bootstrapLink());
  await Promise.all(Array.from({ length: 1_000 }, () => startEnrolment(office.deps, { token })));
  await expect(startEnrolment(office.deps, { token })).rejects.toMatchObject({ code: 'rate_limited' });
  office.advance(LIMITS.statementTtlMs);
  await startEnrolment(office.deps, { token });
});
