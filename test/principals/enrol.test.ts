import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../src/core/digest.ts';
import { LIMITS } from '../../src/core/limits.ts';
import { listPeople } from '../../src/principals/people/people.ts';
import { finishEnrolment, startEnrolment } from '../../src/principals/web/enrol.ts';
import { createBootstrapInvite } from '../../src/principals/web/invite.ts';
import { createInvite } from '../../src/principals/web/invite-person.ts';
import { inviteProof, inviteToken } from '../../src/principals/web/invite-secret.ts';
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

test('others are enrolled only by an invite that an enrolled person signed', async () => {
  const ada = await office.bootstrap();
  const grace = await office.invite(ada, 'Grace', { groups: ['board'], subject: 'user-7' });
  expect((await listPeople(office.deps)).map((person) => person.name)).toEqual(['Ada', 'Grace']);
  expect((await listPeople(office.deps))[1]).toMatchObject({ groups: ['board'], subject: 'user-7' });
  expect(grace.person.id).not.toBe(ada.person.id);
  const signed = await office.act(ada, {
    act: 'approver.invite',
    params: { name: 'Eve', groups: [], token: inviteToken('eve') },
  });
  const mallory = { kind: 'person', id: 'per_nobody', name: 'Mallory', groups: [] } as const;
  const stolen = createInvite(office.deps, { ...signed, by: mallory });
  await expect(stolen).rejects.toMatchObject({ code: 'forbidden' });
});

test('an invite and the enrolment by it tell the ledger who signed, for whom, and the proof of the link', async () => {
  const ada = await office.bootstrap();
  const link = await office.link(ada, { name: 'Grace', groups: ['board'], subject: 'user-7' });
  const { person } = await office.enrol(link);
  const [, , invited, enrolled] = await office.entries('approver.');
  const proof = inviteProof(tokenOf(link));
  expect(invited).toEqual({
    ...invited,
    type: 'approver.invited',
    ref: { principal: `person:${ada.person.id}`, action: 'approvers.invite' },
    body: {
      invite: link.id,
      name: 'Grace',
      groups: ['board'],
      subject: 'user-7',
      token: sha256Hex(proof),
      expires_at: link.expiresAt,
      statement: expect.any(String),
      proof: expect.any(String),
    },
  });
  expect(enrolled?.body).toEqual({
    person: person.id,
    name: 'Grace',
    groups: ['board'],
    subject: 'user-7',
    invite: link.id,
    invite_proof: proof,
    invited_by: `person:${ada.person.id}`,
    passkey: expect.objectContaining({ attestation: 'none', device_type: 'singleDevice' }),
  });
});

test('the secret of a link stands in no table and no entry, before and after it was used', async () => {
  const ada = await office.bootstrap();
  const link = await office.link(ada, { name: 'Grace' });
  await office.enrol(link);
  const tables = await office.deps.database.query({
    sql: "SELECT name FROM sqlite_schema WHERE type = 'table'",
    params: [],
  });
  for (const { name } of tables) {
    const rows = await office.deps.database.query({ sql: `SELECT * FROM "${String(name)}"`, params: [] });
    expect(JSON.stringify(rows)).not.toContain(tokenOf(link));
  }
});

test('the proof of a link, which the ledger publishes, enrols nobody, and nor does its token', async () => {
  const ada = await office.bootstrap();
  const link = await office.link(ada, { name: 'Grace' });
  for (const published of [inviteProof(tokenOf(link)), inviteToken(tokenOf(link))]) {
    const started = startEnrolment(office.deps, { token: published });
    await expect(started).rejects.toMatchObject({ code: 'unauthenticated' });
  }
});

test('an invite with the token of another is refused', async () => {
  const ada = await office.bootstrap();
  const link = await office.link(ada, { name: 'Grace' });
  const params = { name: 'Eve', groups: ['finance'], token: inviteToken(tokenOf(link)) };
  const twice = createInvite(office.deps, await office.act(ada, { act: 'approver.invite', params }));
  await expect(twice).rejects.toMatchObject({ code: 'conflict' });
});

test('an invite names its fields when the name, a group, the subject or the token cannot be', async () => {
  const ada = await office.bootstrap();
  const good = { name: 'Eve', groups: ['a'], token: inviteToken('x') };
  const invite = (change: object) =>
    office.act(ada, { act: 'approver.invite', params: { ...good, ...change } });
  const refused = (field: string) => ({ code: 'invalid_request', fields: [{ field }] });
  await expect(invite({ name: 'Ev\u202Ee' })).rejects.toMatchObject(refused('name'));
  await expect(invite({ groups: ['a', 'B!'] })).rejects.toMatchObject(refused('groups[1]'));
  await expect(invite({ subject: 'two words' })).rejects.toMatchObject(refused('subject'));
  await expect(invite({ token: 'secret' })).rejects.toMatchObject(refused('token'));
});

test.each([
  ['none', 'none', {}],
  ['direct', 'self', { attests: true }],
  ['direct', 'none', {}],
] as const)(
  'where attestation is "%s", a passkey that shows "%s" is enrolled as such',
  async (attestation, shown, device) => {
    const asking = await openOffice({ attestation });
    onTestFinished(() => asking.close());
    const link = await createBootstrapInvite(asking.deps, bootstrapInput);
    const { options } = await startEnrolment(asking.deps, {
      token: tokenOf(link ?? { id: '', path: '', expiresAt: 0 }),
    });
    expect(options.attestation).toBe(attestation);
    const aaguid = '00112233445566778899aabbccddeeff';
    if (link !== undefined) await asking.enrol(link, asking.newDevice({ ...device, aaguid }));
    expect((await listPeople(asking.deps))[0]?.passkeys[0]).toMatchObject({
      attestation: shown,
      aaguid: '00112233-4455-6677-8899-aabbccddeeff',
    });
  },
);

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
  const one = await office.link(ada, { name: 'One', groups: [] });
  const two = await office.link(ada, { name: 'Two' });
  const { challengeId, options } = await startEnrolment(office.deps, { token: tokenOf(one) });
  const response = office.newDevice().create({ challenge: options.challenge });
  const crossed = finishEnrolment(office.deps, { token: tokenOf(two), challengeId, response });
  await expect(crossed).rejects.toThrow(/another link/);
});

test('a passkey that is enrolled already is refused', async () => {
  const ada = await office.bootstrap();
  const link = await office.link(ada, { name: 'Ada again' });
  await expect(office.enrol(link, ada.device)).rejects.toMatchObject({ code: 'conflict' });
});

test('open challenges are bounded, and stale ones make room', async () => {
  const token = tokenOf(await bootstrapLink());
  await Promise.all(Array.from({ length: 1_000 }, () => startEnrolment(office.deps, { token })));
  await expect(startEnrolment(office.deps, { token })).rejects.toMatchObject({ code: 'rate_limited' });
  office.advance(LIMITS.statementTtlMs);
  await startEnrolment(office.deps, { token });
});
