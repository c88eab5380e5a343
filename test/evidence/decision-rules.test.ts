import { describe, expect, it } from 'vitest';
import { approve, ask, decide, dispatch, settle } from './support/approvals.ts';
import { enrol, type Player, signedAct, type Tweak } from './support/cast.ts';
import { fixedDevice } from './support/device.ts';
import { robot } from './support/good-log.ts';
import { pendingStage, type Stage } from './support/stage.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

type Decide = Parameters<typeof decide>[3];

async function refused(stage: Stage, by: Player, how: Decide = {}): Promise<string> {
  decide(stage.scribe, stage.asked, by, how);
  const found = await bothRefuse(stage.scribe);
  expect(found).toContain('(approval.decided) by rule 3');
  return found;
}

describe('a decision is refused', () => {
  const hex = 'ab'.repeat(32);
  const cases: readonly (readonly [string, Tweak, string])[] = [
    ['for another approval', { statement: { approval: 'apr_2' } }, "the statement's approval"],
    ['for another instance', { statement: { instance: 'x' } }, "the statement's instance"],
    ['for another log', { statement: { log: 'other/default' } }, "the statement's log"],
    ['for another call', { statement: { action: hex } }, "the statement's action"],
    ['for another view', { statement: { view: hex } }, "the statement's view"],
    ['for another tool definition', { statement: { tool_def: 'sha256:x' } }, "the statement's tool_def"],
    ['under another policy', { statement: { policy: 'sha256:x' } }, "the statement's policy"],
    ['as another approver', { statement: { approver: 'person:per_ada' } }, "the statement's approver"],
    [
      'for another audience',
      { statement: { scope: { aud: 'x', uses: 1, ttl: 300 } } },
      "the statement's scope",
    ],
    ['for more uses', { statement: { scope: { aud: 'bank', uses: 2, ttl: 300 } } }, "the statement's scope"],
    ['for longer', { statement: { scope: { aud: 'bank', uses: 1, ttl: 301 } } }, "the statement's scope"],
    ['of another type', { statement: { typ: 'act-statement/v1' } }, "the statement's typ"],
    ['with more than a statement says', { statement: { also: 1 } }, 'the statement holds also'],
    ['that had run out', { statement: { exp: 1_700_000_000 } }, 'the statement had run out'],
    [
      'as an approval that was signed as a denial',
      { statement: { decision: 'deny' } },
      "the statement's decision",
    ],
    ['whose glass was broken unsigned', { body: { break_glass: true } }, "the statement's break_glass"],
    ['by a passkey of somebody else', { device: fixedDevice('per_ada') }, 'names no passkey of Bob'],
    ['without user verification', { odd: { flags: 0x01 } }, 'nobody was verified'],
    ['over another challenge', { odd: { challenge: 'AAAA' } }, 'its challenge is that of another statement'],
    ['with a forged signature', { odd: { signature: Buffer.alloc(70, 3) } }, 'not by this passkey'],
    ['of neither kind', { body: { decision: 'maybe' } }, 'neither approve nor deny'],
  ];
  it.each(cases)('%s', async (_what, tweak, reason) => {
    const stage = pendingStage();
    expect(await refused(stage, stage.cast.bob, tweak)).toContain(reason);
  });

  it('by a person who was never enrolled', async () => {
    const stage = pendingStage();
    const mallory = { ...stage.cast.bob, ref: 'person:per_mallory', device: fixedDevice('mallory') };
    expect(await refused(stage, mallory)).toContain('person:per_mallory is not enrolled at this point');
  });

  it('of a request that nobody made', async () => {
    const stage = pendingStage();
    const ghost = { ...stage, asked: { ...stage.asked, ref: { ...stage.asked.ref, approval: 'apr_9' } } };
    expect(await refused(ghost, stage.cast.bob)).toContain('no open request has this id');
  });

  it('when the same person decides twice, with another passkey too', async () => {
    const stage = pendingStage({ quorum: 2 });
    decide(stage.scribe, stage.asked, stage.cast.bob);
    expect(await refused(stage, stage.cast.bob)).toContain('has decided already');
  });

  it('after a denial', async () => {
    const stage = pendingStage({ quorum: 2 });
    decide(stage.scribe, stage.asked, stage.cast.bob, { decision: 'deny' });
    expect(await refused(stage, stage.cast.cleo)).toContain('it was denied already');
  });

  it('after the request had run out', async () => {
    const stage = pendingStage({ expires_at: 1 });
    expect(await refused(stage, stage.cast.bob)).toContain('the request had run out');
  });

  it('that is a copy of one for another approval with the same bytes', async () => {
    const stage = pendingStage();
    decide(stage.scribe, stage.asked, stage.cast.bob);
    const copy = JSON.parse(stage.scribe.lines.at(-1) ?? '').entry;
    const twin = ask(stage.scribe, { id: 'apr_2', session: 'ses_1', body: stage.asked.body });
    stage.scribe.append(copy.type, { ...copy.ref, approval: twin.id }, copy.body);
    expect(await bothRefuse(stage.scribe)).toContain("the statement's approval");
  });

  it('that was used before, even on a request that was made again under its id', async () => {
    const stage = pendingStage();
    decide(stage.scribe, stage.asked, stage.cast.bob, { decision: 'deny' });
    const copy = JSON.parse(stage.scribe.lines.at(-1) ?? '').entry;
    stage.scribe.append('approval.denied', stage.asked.ref, {});
    ask(stage.scribe, { id: 'apr_1', session: 'ses_1', body: stage.asked.body });
    stage.scribe.append(copy.type, copy.ref, copy.body);
    expect(await bothRefuse(stage.scribe)).toContain('the statement was used before');
  });
});

describe('only those who are entitled decide', () => {
  it('not somebody outside of the groups, and not before an escalation is due', async () => {
    const escalations = [{ after_ms: 600_000, groups: ['cto'] }];
    const stage = pendingStage({ groups: ['legal'], escalations });
    expect(await refused(stage, stage.cast.cleo)).toContain('of none of the groups that may decide');
  });

  it('not the person for whom the call was made, by any of their names', async () => {
    for (const subject of ['bob', 'user:bob', 'per_bob', 'person:per_bob']) {
      const stage = pendingStage({}, { subject });
      expect(await refused(stage, stage.cast.bob)).toContain('for whom it was requested');
    }
    const allowed = pendingStage({ exclude_requester: false }, { subject: 'bob' });
    decide(allowed.scribe, allowed.asked, allowed.cast.bob);
    await bothAccept(allowed.scribe);
  });

  it('not a service account where people decide, and not the one that asks', async () => {
    const people = pendingStage();
    decide(people.scribe, people.asked, robot(people.scribe, people.cast.ada));
    expect(await bothRefuse(people.scribe)).toContain(
      'a service account decided what only people may decide',
    );
    const own = pendingStage();
    const machine = robot(own.scribe, own.cast.ada);
    const asked = ask(own.scribe, { id: 'apr_2', requester: machine.ref, body: { approver: 'automation' } });
    decide(own.scribe, asked, machine);
    expect(await bothRefuse(own.scribe)).toContain('it is the requester who decides');
  });

  it('not with a passkey that the rule does not take', async () => {
    const synced = pendingStage({ authenticator: { backup_eligible: false } });
    expect(await refused(synced, synced.cast.bob, { odd: { flags: 0x0d } })).toContain('flag BE');
    const bare = pendingStage({ authenticator: { attestation: ['packed'] } });
    expect(await refused(bare, bare.cast.bob)).toContain('enrolled with attestation none');
    const model = pendingStage({ authenticator: { aaguids: ['11111111-0000-0000-0000-000000000000'] } });
    expect(await refused(model, model.cast.bob)).toContain('the passkey is of model 0000');
    const none = pendingStage({ approver: 'automation', authenticator: { backup_eligible: false } });
    decide(none.scribe, none.asked, robot(none.scribe, none.cast.ada));
    expect(await bothRefuse(none.scribe)).toContain('asks for a passkey of a certain kind');
    const fits = pendingStage({ authenticator: { backup_eligible: false, attestation: ['none'] } });
    decide(fits.scribe, fits.asked, fits.cast.bob);
    await bothAccept(fits.scribe);
  });

  it('and nobody breaks the glass from outside, with a synced passkey, without a reason, or for themselves', async () => {
    const glass = { breakGlass: true, reason: 'fire', ttl: 60 };
    const outside = pendingStage();
    expect(await refused(outside, outside.cast.cleo, glass)).toContain('not of the group break-glass');
    const synced = pendingStage();
    expect(await refused(synced, synced.cast.bob, { ...glass, odd: { flags: 0x0d } })).toContain('flag BE');
    const silent = pendingStage();
    expect(await refused(silent, silent.cast.bob, { breakGlass: true, ttl: 60 })).toContain('gives a reason');
    const own = pendingStage({ exclude_requester: false }, { subject: 'bob' });
    expect(await refused(own, own.cast.bob, glass)).toContain('for whom it was requested');
    const denial = pendingStage();
    expect(await refused(denial, denial.cast.bob, { ...glass, decision: 'deny' })).toContain(
      'only an approval',
    );
    const longer = pendingStage();
    expect(await refused(longer, longer.cast.bob, { ...glass, ttl: 301 })).toContain("the statement's scope");
  });

  it('and a removed person no longer does, while what they decided before stands', async () => {
    const { scribe, cast } = pendingStage();
    const eve = enrol(scribe, { id: 'per_eve', name: 'Eve' }, cast.ada);
    const before = ask(scribe, { id: 'apr_2', session: 'ses_1' });
    decide(scribe, before, eve);
    approve(scribe, before);
    const params = { person: eve.id };
    const removal = { ...params, ...signedAct(scribe, cast.ada, { act: 'approver.remove', params }) };
    scribe.append('approver.removed', { principal: cast.ada.ref }, removal);
    dispatch(scribe, before);
    settle(scribe, before);
    await bothAccept(scribe);
    const after = ask(scribe, { id: 'apr_3', session: 'ses_1' });
    decide(scribe, after, eve);
    expect(await bothRefuse(scribe)).toContain('person:per_eve is not enrolled at this point');
  });
});
