import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { approve, ask, breakGlass, decide } from './support/approvals.ts';
import { approvedStage, pendingStage, type Stage } from './support/stage.ts';
import { bothRefuse } from './support/verify.ts';

type Plant = (stage: Stage) => void;

async function expectRefused(stage: Stage, plant: Plant, reason: string): Promise<void> {
  plant(stage);
  expect(await bothRefuse(stage.scribe)).toContain(reason);
}

describe('nothing is approved', () => {
  const cases: readonly (readonly [string, JsonObject, Plant, string])[] = [
    ['without any decision', {}, ({ scribe, asked }) => approve(scribe, asked), '0 of the 1 distinct people'],
    [
      'by one where two must',
      { quorum: 2 },
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.bob);
        approve(scribe, asked);
      },
      '1 of the 2 distinct people',
    ],
    [
      'by one who breaks the glass and one who does not',
      { quorum: 2 },
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.cleo);
        breakGlass(scribe, asked, cast.bob, 1);
        approve(scribe, asked, { basis: 'break_glass', ttlMs: 60_000 });
      },
      '1 of the 2 distinct people',
    ],
    [
      'that was denied',
      {},
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.bob, { decision: 'deny' });
        approve(scribe, asked);
      },
      '0 of the 1 distinct people',
    ],
    [
      'that somebody denied after enough had approved',
      {},
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.bob);
        decide(scribe, asked, cast.cleo, { decision: 'deny' });
        approve(scribe, asked);
      },
      'it was denied',
    ],
    [
      'by policy that held it',
      {},
      ({ scribe, asked }) => approve(scribe, asked, { basis: 'policy' }),
      'policy did not allow it',
    ],
    [
      'on a basis that there is not',
      {},
      ({ scribe, asked }) => approve(scribe, asked, { basis: 'luck' }),
      'its basis is not',
    ],
    [
      'for longer than was signed',
      {},
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.bob);
        approve(scribe, asked, { ttlMs: 400_000 });
      },
      'lasts longer',
    ],
    [
      'for longer than a broken glass was signed for',
      {},
      ({ scribe, asked, cast }) => {
        breakGlass(scribe, asked, cast.ada, 1);
        breakGlass(scribe, asked, cast.bob, 2);
        approve(scribe, asked, { basis: 'break_glass', ttlMs: 300_000 });
      },
      'lasts longer',
    ],
    [
      'at another time than its decision',
      {},
      ({ scribe, asked, cast }) => {
        decide(scribe, asked, cast.bob);
        scribe.append('policy.loaded', {}, {});
        approve(scribe, asked);
      },
      'does not come right after approval.decided',
    ],
  ];
  it.each(cases)('%s', async (_what, body, plant, reason) => {
    await expectRefused(pendingStage(body), plant, reason);
  });

  it('a second time, after it was approved', async () => {
    await expectRefused(
      approvedStage(),
      ({ scribe, asked }) => approve(scribe, asked),
      'is approved, not pending',
    );
  });
});

describe('a request is refused', () => {
  const again = (stage: Stage, session: string): void => {
    ask(stage.scribe, { id: 'apr_2', session });
  };
  const cases: readonly (readonly [string, Plant, string])[] = [
    [
      'from a session that there is not',
      (stage) => again(stage, 'ses_9'),
      'by rule 9: session:ses_9 does not exist',
    ],
    [
      'from a revoked session',
      (stage) => {
        stage.scribe.append('session.revoked', { session: 'ses_1' }, { reason: 'x' });
        again(stage, 'ses_1');
      },
      'does not exist at this point, or was revoked',
    ],
    [
      'from a session that had run out',
      (stage) => {
        stage.scribe.now += 4_000_000;
        again(stage, 'ses_1');
      },
      'session:ses_1 had run out',
    ],
    [
      'from a child of a revoked session',
      ({ scribe }) => {
        const body = {
          session: 'ses_2',
          subject: 'ann',
          scope: ['*'],
          expires_at: scribe.now + 1e6,
          ancestors: ['ses_1'],
        };
        scribe.append('session.narrowed', { session: 'ses_2', principal: 'session:ses_1' }, body);
        scribe.append('session.revoked', { session: 'ses_1' }, { reason: 'x', descendants: ['ses_2'] });
        ask(scribe, { id: 'apr_2', session: 'ses_2' });
      },
      'session:ses_2 does not exist',
    ],
    [
      'from a session that outlives the one it was narrowed from',
      ({ scribe }) => {
        const body = {
          session: 'ses_2',
          subject: 'ann',
          scope: ['*'],
          expires_at: scribe.now + 1e9,
          ancestors: ['ses_1'],
        };
        scribe.append('session.narrowed', { session: 'ses_2', principal: 'session:ses_1' }, body);
      },
      'lasts longer than the session that it was narrowed from',
    ],
    [
      'when it is open already',
      ({ scribe, asked }) =>
        void scribe.append('approval.requested', { ...asked.ref, principal: asked.requester }, asked.body),
      'apr_1 was requested before',
    ],
    [
      'that holds and asks nobody',
      ({ scribe }) => void ask(scribe, { id: 'apr_2', session: 'ses_1', body: { quorum: 0 } }),
      'its quorum is zero exactly when policy allows it',
    ],
    [
      'of a tool by an API key',
      ({ scribe }) => void ask(scribe, { id: 'apr_2', body: { kind: 'tool' } }),
      'a tool call is requested by a session',
    ],
  ];
  it.each(cases)('%s', async (_what, plant, reason) => {
    await expectRefused(pendingStage(), plant, reason);
  });
});

describe('other ends are refused', () => {
  const cases: readonly (readonly [string, Plant, string])[] = [
    [
      'a denial that nobody signed',
      ({ scribe, asked }) => void scribe.append('approval.denied', asked.ref, {}),
      'does not come right after approval.decided',
    ],
    [
      'an expiry before its time',
      ({ scribe, asked }) => void scribe.append('approval.expired', asked.ref, {}),
      'its time had not come',
    ],
    [
      'a void request that was never approved',
      ({ scribe, asked }) => void scribe.append('approval.void', asked.ref, { reason: 'x' }),
      'is pending, not approved',
    ],
    [
      'an escalation that the request does not have',
      ({ scribe, asked }) =>
        void scribe.append('approval.escalated', asked.ref, { after_ms: 1, groups: ['x'] }),
      'names no such escalation',
    ],
    [
      'a broken glass that nobody signed',
      ({ scribe, asked }) =>
        void scribe.append('break_glass.invoked', asked.ref, { reason: 'x', approvals: 1, needed: 2 }),
      'does not come right after',
    ],
  ];
  it.each(cases)('%s', async (_what, plant, reason) => {
    await expectRefused(pendingStage(), plant, reason);
  });

  it('a withdrawal of what was approved', async () => {
    const stage = approvedStage();
    stage.scribe.append('approval.cancelled', stage.asked.ref, { state: 'cancelled', reason: 'x' });
    expect(await bothRefuse(stage.scribe)).toContain('is approved, not pending');
  });

  it('an escalation before it is due', async () => {
    const stage = pendingStage({ groups: ['legal'], escalations: [{ after_ms: 60_000, groups: ['cto'] }] });
    stage.scribe.append('approval.escalated', stage.asked.ref, { after_ms: 60_000, groups: ['cto'] });
    expect(await bothRefuse(stage.scribe)).toContain('the escalation was not due');
  });
});
