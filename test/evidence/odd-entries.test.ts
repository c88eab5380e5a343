import { describe, expect, it } from 'vitest';
import { approve, ask, decide, dispatch } from './support/approvals.ts';
import { enrol } from './support/cast.ts';
import { founders, genesis } from './support/good-log.ts';
import { createScribe } from './support/scribe.ts';
import { approvedStage, pendingStage } from './support/stage.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

describe('an entry that says something odd is refused', () => {
  it('when groups are cut in another way than whoever invited has signed', async () => {
    const scribe = createScribe();
    genesis(scribe);
    const { ada } = founders(scribe);
    const groups = ['finance\nbreak-glass'];
    enrol(scribe, { id: 'per_eve', name: 'Eve', groups }, ada, {
      enrolled: { body: { groups: ['finance', 'break-glass'] } },
    });
    expect(await bothRefuse(scribe)).toContain('name, groups or subject are not those of the invite');
  });

  it('when an escalation names a list of one empty text where the request names an empty list', async () => {
    const { scribe, asked } = pendingStage({ escalations: [{ after_ms: 0, groups: [] }] });
    scribe.append('approval.escalated', asked.ref, { after_ms: 0, groups: [''] });
    expect(await bothRefuse(scribe)).toContain('the request names no such escalation');
  });

  it.each(['constructor', 'toString'])(
    'when a statement holds a member %s that says nothing',
    async (member) => {
      const { scribe, asked, cast } = pendingStage();
      decide(scribe, asked, cast.bob, { statement: { [member]: 'anything' } });
      expect(await bothRefuse(scribe)).toContain(`the statement holds ${member}, which says nothing here`);
    },
  );

  it('when a capability is exchanged that was revoked under the name of another approval', async () => {
    const { scribe, asked } = approvedStage();
    const other = ask(scribe, { id: 'apr_2' });
    scribe.append('capability.revoked', other.ref, { capability: 'cap_apr_1', reason: 'stolen' });
    dispatch(scribe, asked);
    expect(await bothRefuse(scribe)).toContain('its capability was revoked');
  });
});

describe('an approval whose clock ran a little apart', () => {
  it('holds up to the tolerance, and not beyond it', async () => {
    const within = pendingStage();
    decide(within.scribe, within.asked, within.cast.bob);
    approve(within.scribe, within.asked, { ttlMs: 306_000 });
    await bothAccept(within.scribe);
    const beyond = pendingStage();
    decide(beyond.scribe, beyond.asked, beyond.cast.bob);
    approve(beyond.scribe, beyond.asked, { ttlMs: 306_001 });
    expect(await bothRefuse(beyond.scribe)).toContain('lasts longer than what was requested and signed');
  });
});
