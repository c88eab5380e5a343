import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../src/core/json.ts';
import type { EntryRef } from '../../../src/ledger/entry.ts';
import { type Device, fixedDevice, type Odd } from './device.ts';
import { LOG, type Scribe, statementOf } from './scribe.ts';

const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

export interface Player {
  readonly id: string;
  readonly ref: string;
  readonly name: string;
  readonly groups: string[];
  readonly device: Device;
  readonly subject?: string;
}

/** Changes what is signed or written, to show that it is noticed. */
export interface Tweak {
  readonly statement?: JsonObject;
  readonly odd?: Odd;
  readonly body?: JsonObject;
  readonly ref?: EntryRef;
  /** Signs in the place of the one who is named. */
  readonly device?: Device;
}

const ORIGIN = 'http://localhost:4400';

export function passkeyBody(id: string, device: Device): JsonObject {
  return {
    id,
    credential_id: device.credentialId,
    public_key: device.publicKey,
    aaguid: '00000000-0000-0000-0000-000000000000',
    device_type: 'singleDevice',
    attestation: 'none',
    rp_id: 'localhost',
    origin: ORIGIN,
  };
}

/** An act of a person, signed, as the members of the entry's body that prove it. */
export function signedAct(
  scribe: Scribe,
  by: Player,
  act: { act: string; params: JsonObject },
  tweak: Tweak = {},
): { statement: string; proof: string } {
  const { text, challenge } = statementOf({
    typ: 'act-statement/v1',
    log: LOG,
    act: act.act,
    by: by.ref,
    params: act.params,
    nonce: scribe.random().toString('base64url'),
    exp: Math.floor(scribe.now / 1000) + 300,
    ...tweak.statement,
  });
  return { statement: text, proof: (tweak.device ?? by.device).prove(challenge, tweak.odd) };
}

function player(person: {
  id: string;
  name: string;
  groups?: string[];
  subject?: string;
  device?: Device;
}): Player {
  const { id, name, groups = [], subject, device = fixedDevice(id) } = person;
  return { id, ref: `person:${id}`, name, groups, device, ...(subject === undefined ? {} : { subject }) };
}

/** Invites and enrols somebody: by a person who is enrolled, or by the gateway itself for the first one. */
export function enrol(
  scribe: Scribe,
  person: { id: string; name: string; groups?: string[]; subject?: string; device?: Device },
  by?: Player,
  tweak: { invited?: Tweak; enrolled?: Tweak } = {},
): Player {
  const who = player(person);
  const invite = `inv_${who.id}`;
  const inviteProof = hex(`countersign/invite/v1\nsecret of ${who.id}`);
  const token = hex(inviteProof);
  const identity = {
    name: who.name,
    groups: who.groups,
    ...(who.subject === undefined ? {} : { subject: who.subject }),
  };
  const signed =
    by && signedAct(scribe, by, { act: 'approver.invite', params: { ...identity, token } }, tweak.invited);
  scribe.append(
    'approver.invited',
    { principal: by?.ref ?? 'bootstrap', action: 'approvers.invite', ...tweak.invited?.ref },
    { invite, ...identity, token, expires_at: scribe.now + 86_400_000, ...signed, ...tweak.invited?.body },
  );
  scribe.append(
    'approver.enrolled',
    { principal: who.ref, action: 'approvers.enrol' },
    {
      person: who.id,
      ...identity,
      invite,
      invite_proof: inviteProof,
      invited_by: by?.ref ?? 'bootstrap',
      passkey: passkeyBody(`psk_${who.id}`, who.device),
      ...tweak.enrolled?.body,
    },
  );
  scribe.checkpoint();
  return who;
}

export function mint(
  scribe: Scribe,
  id: string,
  more: { subject?: string; tweak?: JsonObject } = {},
): string {
  const { subject = 'ann' } = more;
  scribe.append(
    'session.minted',
    { session: id, subject, principal: 'api_key:key_1' },
    {
      session: id,
      subject,
      labels: {},
      scope: ['*'],
      call_cap: null,
      minted_by: 'api_key:key_1',
      expires_at: scribe.now + 3_600_000,
      ...more.tweak,
    },
  );
  return id;
}
