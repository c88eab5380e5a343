import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { listPeople } from '../../src/principals/people/people.ts';
import { relyingParty } from '../../src/principals/web/relying-party.ts';
import { authenticateWeb, finishSignIn, signOut, startSignIn } from '../../src/principals/web/sign-in.ts';
import { clearedCookie, readSessionCookie, sessionCookie } from '../../src/principals/web/web-session.ts';
import type { Misbehaviour } from './support/authenticator.ts';
import { type Enrolled, type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Enrolled;
beforeEach(async () => {
  office = await openOffice();
  ada = await office.bootstrap();
});
afterEach(async () => office.close());

async function signIn(who: Enrolled, change: Misbehaviour = {}) {
  const { challengeId, options } = await startSignIn(office.deps);
  const response = who.device.get({ challenge: options.challenge, ...change });
  return finishSignIn(office.deps, { challengeId, response });
}

test('a passkey signs its person in and the ledger says so', async () => {
  const { person, webToken } = await signIn(ada, { userHandle: ada.person.id });
  expect(person.id).toBe(ada.person.id);
  expect(await authenticateWeb(office.deps, webToken)).toMatchObject({ kind: 'person', id: ada.person.id });
  const [entry] = await office.entries('approver.signed_in');
  expect(entry).toMatchObject({ ref: { principal: `person:${ada.person.id}` } });
  const stored = await office.deps.database.query({ sql: 'SELECT token_hash FROM web_session', params: [] });
  expect(JSON.stringify(stored)).not.toContain(webToken);
});

test('sign-in options name no credential and ask for user verification', async () => {
  const { options } = await startSignIn(office.deps);
  expect(options.allowCredentials ?? []).toEqual([]);
  expect(options).toMatchObject({ userVerification: 'required', rpId: 'localhost' });
});

test.each<[string, Misbehaviour]>([
  ['another origin', { origin: 'https://evil.example' }],
  ['another RP id', { rpId: 'evil.example' }],
  ['the type of a registration', { type: 'webauthn.create' }],
  ['another challenge', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
  ['no user verification', { userVerified: false }],
  ['no user presence', { userPresent: false }],
  ['a frame of another site', { clientData: { crossOrigin: true } }],
  ['the user handle of another person', { userHandle: 'per_other' }],
])('a sign-in with %s is refused', async (_what, change) => {
  await signIn(ada);
  await expect(signIn(ada, change)).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('an assertion is good for one sign-in', async () => {
  const { challengeId, options } = await startSignIn(office.deps);
  const response = ada.device.get({ challenge: options.challenge });
  await finishSignIn(office.deps, { challengeId, response });
  await expect(finishSignIn(office.deps, { challengeId, response })).rejects.toThrow(/challenge is used/);
  const other = await startSignIn(office.deps);
  const replay = finishSignIn(office.deps, { challengeId: other.challengeId, response });
  await expect(replay).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('a challenge that has expired is refused', async () => {
  const { challengeId, options } = await startSignIn(office.deps);
  office.advance(LIMITS.statementTtlMs);
  const response = ada.device.get({ challenge: options.challenge });
  await expect(finishSignIn(office.deps, { challengeId, response })).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('a passkey that nobody enrolled is refused, whatever its id looks like', async () => {
  const { challengeId, options } = await startSignIn(office.deps);
  const response = office.newDevice().get({ challenge: options.challenge });
  await expect(finishSignIn(office.deps, { challengeId, response })).rejects.toThrow(/not enrolled here/);
  const again = await startSignIn(office.deps);
  const odd = { ...response, id: "'\0", rawId: "'\0" };
  const refused = finishSignIn(office.deps, { challengeId: again.challengeId, response: odd });
  await expect(refused).rejects.toMatchObject({ code: 'unauthenticated' });
});

test('an authenticator without a counter can sign in again and again', async () => {
  const link = await office.link(ada, { name: 'Grace' });
  const grace = await office.enrol(link, office.newDevice({ counting: false }));
  await signIn(grace);
  await signIn(grace);
});

test('a web session ends by its expiry and by signing out', async () => {
  const { webToken } = await signIn(ada);
  await signOut(office.deps, webToken);
  expect(await authenticateWeb(office.deps, webToken)).toBeUndefined();
  const again = await signIn(ada);
  office.advance(LIMITS.webSessionTtlMs);
  expect(await authenticateWeb(office.deps, again.webToken)).toBeUndefined();
  expect(await authenticateWeb(office.deps, 'unknown')).toBeUndefined();
});

test('a valid signature with a counter that went back is refused, flagged, and told by the ledger', async () => {
  await signIn(ada);
  await expect(signIn(ada, { counter: 1 })).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('copied'),
  });
  const [entry] = await office.entries('passkey.');
  const [passkey] = (await listPeople(office.deps))[0]?.passkeys ?? [];
  expect(passkey).toMatchObject({ counter: 2, suspectAt: office.deps.now() });
  expect(entry).toMatchObject({
    type: 'passkey.suspect',
    ref: { principal: `person:${ada.person.id}` },
    body: { person: ada.person.id, passkey: passkey?.id, stored: 2, received: 1 },
  });
});

test.each<[string, Misbehaviour]>([
  ['without a valid signature', { signWith: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey }],
  ['over another challenge', { challenge: Buffer.alloc(32, 1).toString('base64url') }],
])('a counter that went back flags nothing when it comes %s', async (_what, change) => {
  await signIn(ada);
  await expect(signIn(ada, { counter: 1, ...change })).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(await office.entries('passkey.')).toEqual([]);
  expect((await listPeople(office.deps))[0]?.passkeys[0]?.suspectAt).toBeUndefined();
});

test('a passkey that becomes copyable after its enrolment is refused', async () => {
  await expect(signIn(ada, { backupEligible: true })).rejects.toMatchObject({ code: 'unauthenticated' });
});

describe('the cookie', () => {
  const secure = { secure: true };
  const token = 'a'.repeat(43);

  test('is host-bound and Secure on https, and plain on localhost', () => {
    expect(sessionCookie(secure, token)).toBe(
      `__Host-countersign=${token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure`,
    );
    expect(sessionCookie({ secure: false }, token)).toMatch(
      /^countersign_web=a{43}; Path=\/; HttpOnly; SameSite=Strict;/,
    );
    expect(clearedCookie(secure)).toContain('Max-Age=0');
  });

  test('is read only when it stands there once and has its form', () => {
    expect(readSessionCookie(secure, `x=1; __Host-countersign=${token}`)).toBe(token);
    expect(
      readSessionCookie(secure, `__Host-countersign=${token}; __Host-countersign=${token}`),
    ).toBeUndefined();
    expect(readSessionCookie(secure, `countersign_web=${token}`)).toBeUndefined();
    expect(readSessionCookie(secure, '__Host-countersign=short')).toBeUndefined();
    expect(readSessionCookie(secure, undefined)).toBeUndefined();
  });
});

test('an origin on which passkeys cannot work is refused with what to use instead', () => {
  expect(relyingParty('https://c.example.com')).toEqual({
    origin: 'https://c.example.com',
    rpId: 'c.example.com',
    secure: true,
  });
  for (const bad of [
    'http://127.0.0.1:4400',
    'http://[::1]:4400',
    'http://c.example.com',
    'https://a.example/x',
    'nonsense',
  ]) {
    expect(() => relyingParty(bad)).toThrow(/https:\/\/countersign\.example\.com/);
  }
});
