import { describe, expect, it } from 'vitest';
import type { EntryRef } from '../../src/ledger/entry.ts';
import { ask } from './support/approvals.ts';
import { enrol, mint, signedAct } from './support/cast.ts';
import { genesis } from './support/good-log.ts';
import { createScribe } from './support/scribe.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

function begin() {
  const scribe = createScribe();
  genesis(scribe);
  const ada = enrol(scribe, { id: 'per_ada', name: 'Ada' });
  const bob = enrol(scribe, { id: 'per_bob', name: 'Bob' }, ada);
  const asked = ask(scribe, { id: 'apr_1', session: mint(scribe, 'ses_1') });
  const reveal = (change: EntryRef = {}, what = 'arguments'): void =>
    void scribe.append('approval.revealed', { ...asked.ref, principal: bob.ref, ...change }, { what });
  return { scribe, ada, bob, reveal };
}

describe('an entry that something was revealed', () => {
  it('is good of the arguments and of the result, for whoever is enrolled', async () => {
    const { scribe, ada, reveal } = begin();
    reveal();
    reveal({ principal: ada.ref }, 'result');
    await bothAccept(scribe);
  });

  it.each([
    ['a key', 'api_key:key_1'],
    ['somebody who was never enrolled', 'person:per_eve'],
  ])('is refused when it was revealed to %s', async (_, principal) => {
    const { scribe, reveal } = begin();
    reveal({ principal } as EntryRef);
    expect(await bothRefuse(scribe)).toContain('by rule 2: it was revealed to nobody who is enrolled');
  });

  it('is refused when the person was removed before', async () => {
    const { scribe, ada, bob, reveal } = begin();
    const params = { person: bob.id };
    const signed = signedAct(scribe, ada, { act: 'approver.remove', params });
    scribe.append('approver.removed', { principal: ada.ref }, { ...params, ...signed });
    reveal();
    expect(await bothRefuse(scribe)).toContain('by rule 2: it was revealed to nobody who is enrolled');
  });

  it('is refused when it is of no approval, or of neither part', async () => {
    const first = begin();
    first.scribe.append('approval.revealed', { principal: first.bob.ref }, { what: 'arguments' });
    expect(await bothRefuse(first.scribe)).toContain('by rule 2: it is of no approval');
    const second = begin();
    second.reveal({}, 'everything');
    expect(await bothRefuse(second.scribe)).toContain('by rule 2: it reveals neither arguments nor a result');
  });
});
