import { hex, jcs, must, same, sha256 } from './bytes.ts';
import { checkStatement, originFits, provePasskey } from './proofs.ts';
import type { World } from './world.ts';

/** The entry must be an act that its principal has signed. */
function act(world: World, entry: any, name: string, params: object): void {
  const by = entry.ref.principal;
  const person = world.people.get(by);
  must(person, `${by} is not enrolled`);
  const { statement, proof: text } = entry.body;
  must(typeof statement === 'string' && typeof text === 'string', 'not signed');
  const proof = JSON.parse(text);
  const passkey = person.passkeys.get(proof.credential_id);
  must(passkey, 'not a passkey of theirs');
  const expected = { typ: 'act-statement/v1', log: world.log, act: name, by, params };
  checkStatement(statement, expected, { ts: entry.ts, nonces: world.nonces });
  provePasskey(proof, statement, passkey);
}

function addPasskey(world: World, person: any, passkey: any): void {
  must(!world.credentials.has(passkey.credential_id), 'a passkey that was enrolled before');
  must(originFits(passkey.origin, passkey.rp_id), 'a passkey of another origin');
  world.credentials.add(passkey.credential_id);
  person.passkeys.set(passkey.credential_id, passkey);
}

const pick = ({ name, groups, subject }: any): object => ({
  name,
  groups,
  ...(subject === undefined ? {} : { subject }),
});

/** Where following who made whom ends: with a person or the gateway. */
export function makerOf(world: World, ref: string): string | undefined {
  if (ref.startsWith('person:') || ref.startsWith('gateway:')) return ref;
  if (ref.startsWith('session:')) return world.sessions.get(ref.slice(8))?.maker;
  return ref.startsWith('service_account:') ? world.accounts.get(ref)?.maker : world.makers.get(ref);
}

/** Rules 2, 5 (keys of tokens) and 9 (sessions): whom and what later entries may rest on. */
export const TRUST: Record<string, (world: World, entry: any) => void> = {
  'approver.invited'(world, entry) {
    const { body, ref } = entry;
    if (ref.principal === 'bootstrap') must(world.enrolments === 0, 'a bootstrap invite after enrolments');
    else act(world, entry, 'approver.invite', { ...pick(body), token: body.token });
    world.invites.set(body.invite, { ...body, by: ref.principal });
  },
  'approval.revealed'(world, { body, ref }) {
    must(['arguments', 'result'].includes(body.what) && ref.approval, 'nothing was revealed');
    must(world.people.has(ref.principal), 'revealed to nobody');
  },
  'approver.enrolled'(world, { body, ref, ts }) {
    const invite = world.invites.get(body.invite);
    must(invite && same(pick(invite), pick(body)) && invite.by === body.invited_by, 'no such invite');
    must(
      hex(body.invite_proof) === invite.token && ts <= invite.expires_at + 5_000,
      'no right to the invite',
    );
    must(invite.by === 'bootstrap' ? world.enrolments === 0 : world.people.has(invite.by), 'nobody vouches');
    must(ref.principal === `person:${body.person}` && !world.people.has(ref.principal), 'enrolled already');
    const person = { ...pick(body), passkeys: new Map() };
    addPasskey(world, person, body.passkey);
    world.people.set(ref.principal, person);
    world.invites.delete(body.invite);
    world.enrolments++;
  },
  'approver.removed'(world, entry) {
    const ref = `person:${entry.body.person}`;
    must(world.people.has(ref) && entry.ref.principal !== ref, 'nobody to remove');
    act(world, entry, 'approver.remove', { person: entry.body.person });
    world.people.delete(ref);
  },
  'passkey.added'(world, entry) {
    const { person, passkey } = entry.body;
    must(entry.ref.principal === `person:${person}`, 'added by another');
    const { credential_id, public_key } = passkey;
    act(world, entry, 'passkey.add', { person, credential_id, public_key });
    addPasskey(world, world.people.get(`person:${person}`), passkey);
  },
  'passkey.removed'(world, entry) {
    const { person, passkey } = entry.body;
    const passkeys = world.people.get(`person:${person}`)?.passkeys ?? new Map();
    const found = [...passkeys.values()].find((one: any) => one.id === passkey) as any;
    must(found, 'no such passkey');
    act(world, entry, 'passkey.remove', { person, passkey });
    passkeys.delete(found.credential_id);
  },
  'service_account.created'(world, entry) {
    const { service_account, name, groups, public_key } = entry.body;
    must(!world.accounts.has(`service_account:${service_account}`), 'a service account twice');
    act(world, entry, 'service_account.create', { name, groups, public_key });
    const maker = entry.ref.principal;
    world.accounts.set(`service_account:${service_account}`, { ...entry.body, maker });
  },
  'service_account.removed'(world, entry) {
    const { service_account } = entry.body;
    must(world.accounts.has(`service_account:${service_account}`), 'no such service account');
    act(world, entry, 'service_account.remove', { service_account });
    world.accounts.delete(`service_account:${service_account}`);
  },
  'key.created'(world, entry) {
    const { key, name, roles, hint, hash, statement, proof } = entry.body;
    const by = String(entry.ref.principal);
    must(typeof key === 'string' && !world.makers.has(`api_key:${key}`), 'a key twice');
    if (by.startsWith('person:') || [hash, statement, proof].some((member) => member !== undefined))
      act(world, entry, 'key.create', { name, roles, hint, hash });
    world.makers.set(`api_key:${key}`, makerOf(world, by));
  },
  'capability_key.created'(world, { body }) {
    const { kty, crv, x, y } = body.jwk;
    must(kty === 'EC' && crv === 'P-256', 'not P-256');
    must(sha256(jcs({ kty, crv, x, y })).toString('base64url') === body.kid, 'a kid that does not fit');
    world.tokenKeys.set(body.kid, { kty, crv, x, y });
  },
  'capability_key.retired'(world, { body }) {
    must(world.tokenKeys.delete(body.kid), 'no such capability key');
  },
  'session.minted'(world, { body, ref, ts }) {
    must(ref.session === body.session, 'another session');
    must(ts > (world.sessions.get(body.session)?.ends ?? -1e9) + 5_000, 'a session twice');
    const maker = makerOf(world, String(ref.principal));
    world.sessions.set(body.session, { ends: body.expires_at, maker });
  },
  'session.narrowed'(world, { body, ref, ts }) {
    const from = world.sessions.get(body.ancestors.at(-1));
    must(ts > (world.sessions.get(body.session)?.ends ?? -1e9) + 5_000, 'a session twice');
    must(
      ref.session === body.session && ref.principal === `session:${body.ancestors.at(-1)}`,
      'another session',
    );
    must(from && ts <= from.ends + 5_000 && body.expires_at <= from.ends, 'narrowed from what had ended');
    world.sessions.set(body.session, { ends: body.expires_at, maker: from?.maker });
  },
  'session.revoked'(world, { body, ref }) {
    for (const id of [ref.session, ...(body.descendants ?? [])]) world.sessions.delete(id);
  },
};
