import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { enrol, type Player, signedAct, type Tweak } from './support/cast.ts';
import { fixedDevice } from './support/device.ts';
import { genesis, PERSONS_KEY } from './support/good-log.ts';
import { createScribe, type Scribe } from './support/scribe.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

function begin(): { scribe: Scribe; ada: Player; bob: Player } {
  const scribe = createScribe();
  genesis(scribe);
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada' });
  return { scribe, ada, bob: enrol(scribe, { id: 'per_bob', name: 'Bob' }, ada) };
}

/** A key that Ada has made, with whatever the test changes. */
function make(tweak: Tweak = {}): Scribe {
  const { scribe, ada } = begin();
  const signed = signedAct(scribe, ada, { act: 'key.create', params: PERSONS_KEY }, tweak);
  const body = { key: 'key_2', ...PERSONS_KEY, ...signed, ...tweak.body };
  scribe.append('key.created', { principal: ada.ref, ...tweak.ref }, body);
  return scribe;
}

/** The entry without these members. */
function without(...members: readonly string[]): Scribe {
  const { scribe, ada } = begin();
  const signed = signedAct(scribe, ada, { act: 'key.create', params: PERSONS_KEY });
  const body: JsonObject = { key: 'key_2', ...PERSONS_KEY, ...signed };
  const left = Object.fromEntries(Object.entries(body).filter(([member]) => !members.includes(member)));
  scribe.append('key.created', { principal: ada.ref }, left);
  return scribe;
}

const OTHER_PARAMS = "(key.created) by rule 2: the statement's params is not that of the entry";

describe('a key that a person has made', () => {
  it('is good when they signed for its name, its roles and its hash', async () => {
    await bothAccept(make());
  });

  const cases: readonly (readonly [string, Tweak, string])[] = [
    ['with another role', { body: { roles: ['operator'] } }, OTHER_PARAMS],
    ['with one role more', { body: { roles: [...PERSONS_KEY.roles, 'operator'] } }, OTHER_PARAMS],
    ['with another name', { body: { name: 'backup' } }, OTHER_PARAMS],
    ['with another hash', { body: { hash: 'ef'.repeat(32) } }, OTHER_PARAMS],
    ['with another hint', { body: { hint: 'zzzz' } }, OTHER_PARAMS],
    ['with a hash that is none', { body: { hash: 'short' } }, 'its hash is not a commitment'],
    ['whose act is another', { statement: { act: 'approver.invite' } }, "the statement's act is not"],
    ['in the name of somebody else', { ref: { principal: 'person:per_bob' } }, "the statement's by is not"],
    ['in the name of a key', { ref: { principal: 'api_key:key_1' } }, 'api_key:key_1 is not enrolled'],
    ['signed by somebody else', { device: fixedDevice('per_bob') }, 'the proof names no passkey of Ada'],
    ['with a wrong signature', { odd: { signature: Buffer.alloc(70, 1) } }, 'its signature is not by this'],
  ];
  it.each(cases)('is refused %s', async (_what, tweak, reason) => {
    expect(await bothRefuse(make(tweak))).toContain(reason);
  });

  it('is refused without its assertion, or without its hash', async () => {
    expect(await bothRefuse(without('proof'))).toContain('(key.created) by rule 2: it is not signed');
    expect(await bothRefuse(without('statement', 'proof'))).toContain('it is not signed');
    expect(await bothRefuse(without('statement', 'proof', 'hash'))).toContain('its hash is not a commitment');
  });

  it('is refused when one statement serves for two keys', async () => {
    const scribe = make();
    const { entry } = JSON.parse(scribe.lines.at(-1) ?? '');
    scribe.append(entry.type, entry.ref, { ...entry.body, key: 'key_3' });
    expect(await bothRefuse(scribe)).toContain('the statement was used before');
  });

  it('is refused when they were removed before', async () => {
    const { scribe, ada, bob } = begin();
    const params = { person: bob.id };
    const removal = signedAct(scribe, ada, { act: 'approver.remove', params });
    scribe.append('approver.removed', { principal: ada.ref }, { ...params, ...removal });
    const signed = signedAct(scribe, bob, { act: 'key.create', params: PERSONS_KEY });
    scribe.append('key.created', { principal: bob.ref }, { key: 'key_2', ...PERSONS_KEY, ...signed });
    expect(await bothRefuse(scribe)).toContain('person:per_bob is not enrolled at this point');
  });
});

it('a key that the gateway or another key has made needs no signature', async () => {
  for (const principal of ['gateway:start', 'api_key:key_1']) {
    const { scribe } = begin();
    scribe.append('key.created', { principal }, { key: 'key_2', name: 'x', roles: ['reader'], hint: 'abcd' });
    await bothAccept(scribe);
  }
});
