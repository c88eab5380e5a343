import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { approve, ask, decide, dispatch, settle } from './support/approvals.ts';
import { approvedStage, pendingStage, type Stage } from './support/stage.ts';
import { takeUp } from './support/token.ts';
import { bothAccept, bothRefuse } from './support/verify.ts';

type Plant = (stage: Stage) => void;

async function expectRefused(stage: Stage, plant: Plant, reason: string): Promise<void> {
  plant(stage);
  expect(await bothRefuse(stage.scribe)).toContain(reason);
}

describe('nothing is dispatched', () => {
  const hex = 'ab'.repeat(32);
  const cases: readonly (readonly [string, Plant, string])[] = [
    [
      'with other bytes than were approved',
      ({ scribe, asked }) => dispatch(scribe, asked, { executing: { digest: hex } }),
      'not the call that was approved',
    ],
    [
      'with another capability',
      ({ scribe, asked }) => dispatch(scribe, asked, { exchanged: { capability: 'cap_x' } }),
      'not the capability that was issued',
    ],
    [
      'for another holder',
      ({ scribe, asked }) => dispatch(scribe, asked, { exchanged: { holder: 'api_key:key_1' } }),
      'not the capability that was issued',
    ],
    [
      'a second time, after its outcome',
      ({ scribe, asked }) => {
        dispatch(scribe, asked);
        settle(scribe, asked);
        dispatch(scribe, asked);
      },
      'by rule 6: no open request has the id apr_1',
    ],
    [
      'a second time, while it runs',
      ({ scribe, asked }) => {
        dispatch(scribe, asked);
        dispatch(scribe, asked);
      },
      'by rule 6: apr_1 is executing',
    ],
    [
      'a second time, when its outcome is unknown',
      ({ scribe, asked }) => {
        dispatch(scribe, asked);
        settle(scribe, asked, 'unknown');
        dispatch(scribe, asked);
      },
      'by rule 6: apr_1 is unknown',
    ],
    [
      'after it had run out',
      ({ scribe, asked }) => {
        scribe.now += 310_000;
        dispatch(scribe, asked);
      },
      'what was released had run out',
    ],
    [
      'after its capability was revoked',
      ({ scribe, asked }) => {
        scribe.append('capability.revoked', asked.ref, { capability: 'cap_apr_1', reason: 'x' });
        dispatch(scribe, asked);
      },
      'its capability was revoked',
    ],
    [
      'after it became void',
      ({ scribe, asked }) => {
        scribe.append('approval.void', asked.ref, { reason: 'x' });
        dispatch(scribe, asked);
      },
      'no open request has the id apr_1',
    ],
    [
      'with its exchange elsewhere',
      ({ scribe, asked }) => {
        scribe.append('approval.executing', asked.ref, {
          attempt: 1,
          owner: 'own',
          digest: asked.body.action ?? null,
        });
        scribe.append('policy.loaded', {}, {});
      },
      'capability.exchanged of apr_1 must stand here',
    ],
    [
      'as the last thing, without its exchange',
      ({ scribe, asked }) =>
        void scribe.append('approval.executing', asked.ref, {
          attempt: 1,
          owner: 'own',
          digest: asked.body.action ?? null,
        }),
      'capability.exchanged of apr_1 is missing after its dispatch',
    ],
  ];
  it.each(cases)('%s', async (_what, plant, reason) => {
    await expectRefused(approvedStage(), plant, reason);
  });

  it('that was not approved', async () => {
    await expectRefused(
      pendingStage(),
      ({ scribe, asked }) => dispatch(scribe, asked),
      'by rule 6: apr_1 is pending',
    );
  });

  it('by anybody but the requester of an action', async () => {
    const { scribe, cast } = pendingStage();
    const asked = ask(scribe, { id: 'apr_2' });
    decide(scribe, asked, cast.bob);
    approve(scribe, asked);
    dispatch(scribe, asked, { executing: { owner: 'api_key:key_2' } });
    expect(await bothRefuse(scribe)).toContain('its owner does not hold the capability');
  });
});

describe('a capability is refused', () => {
  const cases: readonly (readonly [string, JsonObject, string])[] = [
    ['for another audience', { aud: 'other' }, 'another action or audience'],
    ['for another action', { action: 'ab'.repeat(32) }, 'another action or audience'],
    ['for another holder', { holder: 'api_key:key_1' }, 'its holder is not who may carry the action out'],
    ['that outlives the approval', { expires_at: 9e12 }, 'does not end when the approval does'],
    ['that says that policy allowed it', { basis: 'policy' }, 'its basis is not that of the approval'],
    ['with another DPoP', { dpop: true }, 'its dpop is not that of the request'],
  ];
  it.each(cases)('%s', async (_what, body, reason) => {
    const { scribe, asked, cast } = pendingStage();
    decide(scribe, asked, cast.bob);
    approve(scribe, asked, { issued: body });
    expect(await bothRefuse(scribe)).toMatch(new RegExp(`\\(capability.issued\\) by rule 5: .*${reason}`));
  });

  it('without an approval', async () => {
    const { scribe, asked } = pendingStage();
    scribe.append('capability.issued', asked.ref, {
      capability: 'c',
      holder: 'gateway',
      aud: 'bank',
      action: asked.body.action ?? '',
      basis: 'decision',
      dpop: false,
      expires_at: 1,
    });
    expect(await bothRefuse(scribe)).toContain('by rule 5: apr_1 is pending, not approved');
  });
});

describe('an outcome is refused', () => {
  it('without a dispatch, of another attempt, and a second time', async () => {
    const early = approvedStage();
    settle(early.scribe, early.asked);
    expect(await bothRefuse(early.scribe)).toContain('by rule 7: apr_1 is approved, not executing');
    const other = approvedStage();
    dispatch(other.scribe, other.asked);
    other.scribe.append('approval.outcome', other.asked.ref, { state: 'succeeded', attempt: 2 });
    expect(await bothRefuse(other.scribe)).toContain('the outcome of another attempt');
    const twice = approvedStage();
    dispatch(twice.scribe, twice.asked);
    settle(twice.scribe, twice.asked);
    settle(twice.scribe, twice.asked, 'failed');
    expect(await bothRefuse(twice.scribe)).toContain('by rule 7: no open request');
  });

  it('when somebody settles by hand what is not unknown', async () => {
    const { scribe, asked } = approvedStage();
    dispatch(scribe, asked);
    scribe.append('approval.resolved', asked.ref, { state: 'failed', reason: 'x' });
    expect(await bothRefuse(scribe)).toContain('apr_1 is executing, not unknown');
  });
});

it('an action that policy allows needs nobody, and is exchanged once all the same', async () => {
  const { scribe } = pendingStage();
  const free = ask(scribe, { id: 'apr_free', body: { effect: 'allow', quorum: 0 } });
  approve(scribe, free, { basis: 'policy' });
  takeUp(scribe, free);
  await bothAccept(scribe);
  dispatch(scribe, free);
  expect(await bothRefuse(scribe)).toContain('by rule 6: apr_free is executing');
});
