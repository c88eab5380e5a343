import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { ask, decide } from './support/approvals.ts';
import { enrol, type Player, passkeyBody, signedAct, type Tweak } from './support/cast.ts';
import { fixedDevice } from './support/device.ts';
import { genesis, robot } from './support/good-log.ts';
import { createScribe, type Scribe } from './support/scribe.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

const MALLORY = fixedDevice('mallory');
const hexOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function begin(): { scribe: Scribe; ada: Player; bob: Player } {
  const scribe = createScribe();
  genesis(scribe);
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada', groups: ['finance'] });
  const bob = enrol(scribe, { id: 'per_bob', name: 'Bob' }, ada);
  return { scribe, ada, bob };
}

/** An act of Ada's about Bob, with whatever the test changes. */
function act(
  scribe: Scribe,
  by: Player,
  entry: { type: string; act: string; params: JsonObject; body?: JsonObject },
  tweak: Tweak = {},
): void {
  const signed = signedAct(scribe, by, entry, tweak);
  scribe.append(
    entry.type,
    { principal: by.ref, ...tweak.ref },
    { ...entry.params, ...entry.body, ...signed, ...tweak.body },
  );
}

const removeBob = { type: 'approver.removed', act: 'approver.remove', params: { person: 'per_bob' } };

describe('an enrolment is refused', () => {
  it('when the gateway invites by itself after somebody was enrolled', async () => {
    const { scribe } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve' });
    expect(await bothRefuse(scribe)).toContain(
      '(approver.invited) by rule 2: the gateway invited somebody by itself after people were enrolled',
    );
  });

  it('when a second bootstrap link is used after the first', async () => {
    const scribe = createScribe();
    genesis(scribe);
    const invite = (person: string): void => {
      const proof = 'ab'.repeat(32);
      scribe.append(
        'approver.invited',
        { principal: 'bootstrap' },
        {
          invite: person,
          name: person,
          groups: [],
          token: hexOf(proof),
          expires_at: scribe.now + 1e6,
        },
      );
    };
    invite('one');
    invite('two');
    for (const person of ['one', 'two'])
      scribe.append(
        'approver.enrolled',
        { principal: `person:${person}` },
        {
          person,
          name: person,
          groups: [],
          invite: person,
          invite_proof: 'ab'.repeat(32),
          invited_by: 'bootstrap',
          passkey: passkeyBody(`psk_${person}`, fixedDevice(person)),
        },
      );
    expect(await bothRefuse(scribe)).toContain('own invite was used after people were enrolled');
  });

  it('when the invite is signed by somebody else’s passkey', async () => {
    const { scribe, ada } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve' }, ada, { invited: { device: MALLORY } });
    expect(await bothRefuse(scribe)).toContain('by rule 2: the proof names no passkey of Ada');
  });

  it('when the invite is not signed at all', async () => {
    const { scribe, bob } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve' }, undefined, { invited: { ref: { principal: bob.ref } } });
    expect(await bothRefuse(scribe)).toContain('(approver.invited) by rule 2: it is not signed');
  });

  it('when groups were added to what the inviter signed', async () => {
    const { scribe, ada } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve' }, ada, { invited: { body: { groups: ['break-glass'] } } });
    expect(await bothRefuse(scribe)).toContain("the statement's params is not that of the entry");
  });

  it('when it shows another secret than that of the invite', async () => {
    const { scribe, ada } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve' }, ada, {
      enrolled: { body: { invite_proof: 'cd'.repeat(32) } },
    });
    expect(await bothRefuse(scribe)).toContain('did not hold the secret of the invite');
  });

  it('when it takes other groups or another subject than the invite', async () => {
    for (const body of [{ groups: ['cto'] }, { subject: 'ann' }, { name: 'Ada' }]) {
      const { scribe, ada } = begin();
      enrol(scribe, { id: 'per_eve', name: 'Eve' }, ada, { enrolled: { body } });
      expect(await bothRefuse(scribe)).toContain('name, groups or subject are not those of the invite');
    }
  });

  it('when the inviter was removed before', async () => {
    const late = createScribe();
    genesis(late);
    const first = enrol(late, { id: 'per_ada', name: 'Ada' });
    const inviter = enrol(late, { id: 'per_bob', name: 'Bob' }, first);
    const invitation = { name: 'Eve', groups: [], token: hexOf('ab'.repeat(32)) };
    act(late, inviter, {
      type: 'approver.invited',
      act: 'approver.invite',
      params: invitation,
      body: { invite: 'inv_eve', expires_at: late.now + 1e6 },
    });
    act(late, first, removeBob);
    late.append(
      'approver.enrolled',
      { principal: 'person:per_eve' },
      {
        person: 'per_eve',
        name: 'Eve',
        groups: [],
        invite: 'inv_eve',
        invite_proof: 'ab'.repeat(32),
        invited_by: inviter.ref,
        passkey: passkeyBody('psk_eve', fixedDevice('per_eve')),
      },
    );
    expect(await bothRefuse(late)).toContain('who invited them, is no longer enrolled');
  });

  it('when the passkey belongs to somebody already, or was made elsewhere', async () => {
    const { scribe, ada } = begin();
    enrol(scribe, { id: 'per_eve', name: 'Eve', device: ada.device }, ada);
    expect(await bothRefuse(scribe)).toContain('this passkey was enrolled before');
    const other = begin();
    const passkey = { ...passkeyBody('psk_eve', fixedDevice('per_eve')), origin: 'https://evil.example' };
    enrol(other.scribe, { id: 'per_eve', name: 'Eve' }, other.ada, { enrolled: { body: { passkey } } });
    expect(await bothRefuse(other.scribe)).toContain('origin of another RP');
  });

  it('when the invite had run out, or is used twice', async () => {
    const late = begin();
    enrol(late.scribe, { id: 'per_eve', name: 'Eve' }, late.ada, { invited: { body: { expires_at: 1 } } });
    expect(await bothRefuse(late.scribe)).toContain('the invite had run out');
    const twice = begin();
    enrol(twice.scribe, { id: 'per_eve', name: 'Eve' }, twice.ada);
    twice.scribe.append(
      'approver.enrolled',
      { principal: 'person:per_fay' },
      {
        person: 'per_fay',
        name: 'Eve',
        groups: [],
        invite: 'inv_per_eve',
        invite_proof: 'ab'.repeat(32),
        invited_by: twice.ada.ref,
        passkey: passkeyBody('psk_fay', fixedDevice('per_fay')),
      },
    );
    expect(await bothRefuse(twice.scribe)).toContain('there is no open invite for it');
  });
});

describe('an act is refused', () => {
  const cases: readonly (readonly [string, Tweak, string])[] = [
    ['signed for another act', { statement: { act: 'passkey.remove' } }, "the statement's act is not"],
    ['signed for another log', { statement: { log: 'other/default' } }, "the statement's log is not"],
    ['signed by another person', { statement: { by: 'person:per_bob' } }, "the statement's by is not"],
    [
      'about another person',
      { statement: { params: { person: 'per_ada' } } },
      "the statement's params is not",
    ],
    ['with a member that nobody knows', { statement: { more: true } }, 'the statement holds more'],
    ['that had run out', { statement: { exp: 1_700_000_000 } }, 'the statement had run out'],
    ['with a nonce that is none', { statement: { nonce: 'short' } }, "the statement's nonce is not 32 bytes"],
    ['made on another origin', { odd: { origin: 'https://evil.example' } }, 'an origin that does not belong'],
    ['made for another RP', { odd: { rpId: 'evil.example' } }, 'another RP than localhost'],
    ['made in a frame', { odd: { clientData: { crossOrigin: true } } }, 'a frame of another site'],
    [
      'made in a frame that hides',
      { odd: { clientData: { topOrigin: 'https://x.example' } } },
      'a frame of another site',
    ],
    ['that is a registration', { odd: { type: 'webauthn.create' } }, 'not of type webauthn.get'],
    ['over another challenge', { odd: { challenge: 'AAAA' } }, 'its challenge is that of another statement'],
    ['without a present person', { odd: { flags: 0x04 } }, 'nobody was present'],
    ['without a verified person', { odd: { flags: 0x01 } }, 'nobody was verified'],
    ['with flags that cannot be', { odd: { flags: 0x15 } }, 'flags BE, BS'],
    [
      'with a wrong signature',
      { odd: { signature: Buffer.alloc(70, 1) } },
      'its signature is not by this passkey',
    ],
    ['whose proof is not JSON', { body: { proof: '{' } }, 'the proof is not JSON'],
  ];
  it.each(cases)('%s', async (_what, tweak, reason) => {
    const { scribe, ada } = begin();
    act(scribe, ada, removeBob, tweak);
    expect(await bothRefuse(scribe)).toContain(reason);
  });

  it('by somebody who is not enrolled any more', async () => {
    const { scribe, ada, bob } = begin();
    act(scribe, ada, removeBob);
    act(scribe, bob, { type: 'approver.removed', act: 'approver.remove', params: { person: 'per_ada' } });
    expect(await bothRefuse(scribe)).toContain('person:per_bob is not enrolled at this point');
  });

  it('by oneself against oneself', async () => {
    const { scribe, bob } = begin();
    act(scribe, bob, removeBob);
    expect(await bothRefuse(scribe)).toContain('nobody removes themselves');
  });

  it('that is shown a second time', async () => {
    const { scribe, ada } = begin();
    robot(scribe, ada);
    await bothAccept(scribe);
    const again = JSON.parse(scribe.lines.at(-1) ?? '').entry;
    scribe.append(again.type, again.ref, { ...again.body, service_account: 'svc_twin' });
    expect(await bothRefuse(scribe)).toContain('the statement was used before');
  });
});

describe('a passkey', () => {
  it('that was removed decides nothing, and another of the same person does', async () => {
    const { scribe, ada, bob } = begin();
    const spare = fixedDevice('spare');
    const params = { person: bob.id, credential_id: spare.credentialId, public_key: spare.publicKey };
    act(scribe, bob, {
      type: 'passkey.added',
      act: 'passkey.add',
      params,
      body: { passkey: passkeyBody('psk_spare', spare) },
    });
    const gone = { person: bob.id, passkey: 'psk_per_bob' };
    act(scribe, ada, { type: 'passkey.removed', act: 'passkey.remove', params: gone });
    const asked = ask(scribe, { id: 'apr_1' });
    decide(scribe, asked, bob, { device: spare });
    await bothAccept(scribe);
    const again = ask(scribe, { id: 'apr_2' });
    decide(scribe, again, bob);
    expect(await bothRefuse(scribe)).toContain('by rule 3: the proof names no passkey of Bob');
  });

  it('is added by nobody but its own person', async () => {
    const { scribe, ada } = begin();
    const spare = fixedDevice('spare');
    const params = { person: 'per_bob', credential_id: spare.credentialId, public_key: spare.publicKey };
    act(scribe, ada, {
      type: 'passkey.added',
      act: 'passkey.add',
      params,
      body: { passkey: passkeyBody('psk_x', spare) },
    });
    expect(await bothRefuse(scribe)).toContain('a passkey is added by its own person alone');
  });
});
