import { sha256Hex } from '../core/digest.ts';
import type { JsonObject } from '../core/json.ts';
import type { Entry } from '../ledger/entry.ts';
import { originBelongsTo } from '../principals/proof/assertion.ts';
import { readCoseKey } from '../principals/proof/cose-key.ts';
import { countOf, objectOf, sameTexts, shapeProblem, textOf, textsOf } from './members.ts';
import { actProblem } from './statements.ts';
import {
  type KnownPasskey,
  type KnownPerson,
  type OpenInvite,
  type Rule,
  SLACK_MS,
  type World,
} from './world.ts';

const BOOTSTRAP = 'bootstrap';
const REVEALED = ['arguments', 'result'];

/** The members that an invite and an enrolment share. */
const IDENTITY = { name: 'text', groups: 'texts', subject: 'text?' } as const;

function identityOf(body: JsonObject): Pick<OpenInvite, 'name' | 'groups' | 'subject'> {
  const subject = body.subject === undefined ? undefined : textOf(body, 'subject');
  return { name: textOf(body, 'name'), groups: textsOf(body, 'groups'), subject };
}

/** Reads what an entry says of a passkey; what comes back as a text says what is wrong with it. */
function readPasskey(world: World, body: JsonObject): KnownPasskey | string {
  const problem = shapeProblem(body, {
    id: 'text',
    credential_id: 'text',
    public_key: 'text',
    aaguid: 'text',
    attestation: 'text',
    rp_id: 'text',
    origin: 'text',
  });
  if (problem !== undefined) return `of its passkey: ${problem}`;
  const credentialId = textOf(body, 'credential_id');
  if (world.credentials.has(credentialId)) return 'this passkey was enrolled before';
  const key = readCoseKey(textOf(body, 'public_key'));
  if (key === undefined) return 'the public key of its passkey cannot be read';
  const rpId = textOf(body, 'rp_id');
  if (!originBelongsTo(textOf(body, 'origin'), rpId))
    return 'its passkey was made on an origin of another RP';
  return {
    id: textOf(body, 'id'),
    credentialId,
    key,
    rpId,
    aaguid: textOf(body, 'aaguid'),
    attestation: textOf(body, 'attestation'),
  };
}

function remember(world: World, person: KnownPerson, passkey: KnownPasskey): void {
  person.passkeys.set(passkey.credentialId, passkey);
  world.credentials.add(passkey.credentialId);
}

/** `approver.invited`: signed by an enrolled person, or the gateway's own while nobody was ever enrolled. */
export const invited: Rule = (world, { body, ref, ts, ...entry }) => {
  const shape = { ...IDENTITY, invite: 'text', token: 'commitment', expires_at: 'count' } as const;
  const problem = shapeProblem(body, shape);
  if (problem !== undefined) return problem;
  const by = ref.principal ?? '';
  const identity = identityOf(body);
  const token = textOf(body, 'token');
  if (by === BOOTSTRAP) {
    if (world.everEnrolled) return 'the gateway invited somebody by itself after people were enrolled';
  } else {
    const { name, groups, subject } = identity;
    const params = { name, groups: [...groups], token, ...(subject === undefined ? {} : { subject }) };
    const reason = actProblem(world, { ...entry, body, ref, ts }, { act: 'approver.invite', params });
    if (reason !== undefined) return reason;
  }
  world.invites.set(textOf(body, 'invite'), {
    ...identity,
    token,
    by,
    expiresAt: countOf(body, 'expires_at'),
  });
  return undefined;
};

function inviteProblem(world: World, invite: OpenInvite, { body, ts }: Entry): string | undefined {
  if (sha256Hex(textOf(body, 'invite_proof')) !== invite.token)
    return 'whoever enrolled did not hold the secret of the invite';
  if (ts > invite.expiresAt + SLACK_MS) return 'the invite had run out';
  const { name, groups, subject } = identityOf(body);
  if (name !== invite.name || !sameTexts(groups, invite.groups) || subject !== invite.subject)
    return 'name, groups or subject are not those of the invite';
  if (body.invited_by !== invite.by) return 'it names another inviter than the invite';
  if (invite.by === BOOTSTRAP)
    return world.everEnrolled ? 'the gateway’s own invite was used after people were enrolled' : undefined;
  return world.people.has(invite.by) ? undefined : `${invite.by}, who invited them, is no longer enrolled`;
}

/** `approver.enrolled`: an open invite, its secret, and a passkey that nobody had before. */
export const enrolled: Rule = (world, entry) => {
  const { body, ref } = entry;
  const problem = shapeProblem(body, {
    ...IDENTITY,
    person: 'text',
    invite: 'text',
    invite_proof: 'text',
    invited_by: 'text',
    passkey: 'object',
  });
  if (problem !== undefined) return problem;
  const id = textOf(body, 'person');
  const person = `person:${id}`;
  if (ref.principal !== person) return 'it is not by the person who enrols';
  if (world.people.has(person)) return 'this person is enrolled already';
  const invite = world.invites.get(textOf(body, 'invite'));
  if (invite === undefined) return 'there is no open invite for it';
  const passkey = readPasskey(world, objectOf(body, 'passkey'));
  if (typeof passkey === 'string') return passkey;
  const reason = inviteProblem(world, invite, entry);
  if (reason !== undefined) return reason;
  const known: KnownPerson = { id, ...identityOf(body), invitedBy: invite.by, passkeys: new Map() };
  remember(world, known, passkey);
  world.people.set(person, known);
  world.invites.delete(textOf(body, 'invite'));
  world.everEnrolled = true;
  if (invite.by === BOOTSTRAP)
    world.anchors.push({ person, name: known.name, credentialId: passkey.credentialId });
  return undefined;
};

/** `approver.removed`: signed by another enrolled person. */
export const removed: Rule = (world, entry) => {
  const problem = shapeProblem(entry.body, { person: 'text' });
  if (problem !== undefined) return problem;
  const id = textOf(entry.body, 'person');
  const person = `person:${id}`;
  if (!world.people.has(person)) return `${person} is not enrolled at this point`;
  if (entry.ref.principal === person) return 'nobody removes themselves';
  const reason = actProblem(world, entry, { act: 'approver.remove', params: { person: id } });
  if (reason === undefined) world.people.delete(person);
  return reason;
};

/** `passkey.added`: signed with a passkey that the same person has already. */
export const passkeyAdded: Rule = (world, entry) => {
  const problem = shapeProblem(entry.body, { person: 'text', passkey: 'object' });
  if (problem !== undefined) return problem;
  const id = textOf(entry.body, 'person');
  const person = world.people.get(`person:${id}`);
  if (person === undefined) return `person:${id} is not enrolled at this point`;
  if (entry.ref.principal !== `person:${id}`) return 'a passkey is added by its own person alone';
  const passkey = readPasskey(world, objectOf(entry.body, 'passkey'));
  if (typeof passkey === 'string') return passkey;
  const { credential_id, public_key } = objectOf(entry.body, 'passkey');
  const params = { person: id, credential_id: credential_id as string, public_key: public_key as string };
  const reason = actProblem(world, entry, { act: 'passkey.add', params });
  if (reason === undefined) remember(world, person, passkey);
  return reason;
};

/** `passkey.removed`: signed by its person or by another who is enrolled. */
export const passkeyRemoved: Rule = (world, entry) => {
  const problem = shapeProblem(entry.body, { person: 'text', passkey: 'text' });
  if (problem !== undefined) return problem;
  const person = textOf(entry.body, 'person');
  const passkey = textOf(entry.body, 'passkey');
  const passkeys = world.people.get(`person:${person}`)?.passkeys;
  const known = [...(passkeys?.values() ?? [])].find((one) => one.id === passkey);
  if (passkeys === undefined || known === undefined) return `${passkey} is no passkey of person:${person}`;
  const reason = actProblem(world, entry, { act: 'passkey.remove', params: { person, passkey } });
  if (reason === undefined) passkeys.delete(known.credentialId);
  return reason;
};

/** `approval.revealed`: shown to somebody who is enrolled, and of one approval. */
export const revealed: Rule = (world, { body, ref }) => {
  const problem = shapeProblem(body, { what: 'text' });
  if (problem !== undefined) return problem;
  if (!REVEALED.includes(textOf(body, 'what'))) return 'it reveals neither arguments nor a result';
  if (ref.approval === undefined) return 'it is of no approval';
  return world.people.has(ref.principal ?? '') ? undefined : 'it was revealed to nobody who is enrolled';
};
