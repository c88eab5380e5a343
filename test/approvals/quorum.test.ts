import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/approvals/approval.ts';
import {
  type Approver,
  type Authenticator,
  approverRefusal,
  authenticatorRefusal,
  groupsAt,
} from '../../src/approvals/approver.ts';
import { escalationsDue, nextEscalation } from '../../src/approvals/escalation.ts';
import type { FrozenCall } from '../../src/approvals/frozen-call.ts';
import { capabilityTtlMs, outcomeOf } from '../../src/approvals/quorum.ts';
import type { ApprovalTerms } from '../../src/policy/verdict.ts';
import type { Maker } from '../../src/principals/makers/maker.ts';
import { holding } from './desk.ts';

const made = (approver: string, how: Partial<Decision> = {}): Decision => ({
  approver,
  decision: 'approve',
  reason: undefined,
  breakGlass: false,
  decidedAt: 1,
  ...how,
});
const broken = (approver: string) => made(approver, { breakGlass: true, reason: 'fire' });

describe('what decisions amount to', () => {
  it('is a denial as soon as one denies, whatever others approved', () => {
    const all = [made('person:a'), made('person:b'), made('person:c', { decision: 'deny' })];
    expect(outcomeOf(all, 2)).toEqual({ state: 'denied' });
  });

  it('is an approval with the decision that completes the quorum, and nothing before', () => {
    expect(outcomeOf([made('person:a')], 1)).toEqual({ state: 'approved', basis: 'decision' });
    expect(outcomeOf([made('person:a')], 2)).toEqual({ state: 'pending' });
    expect(outcomeOf([made('person:a'), made('person:b')], 2)).toEqual({
      state: 'approved',
      basis: 'decision',
    });
    expect(outcomeOf([made('person:a'), made('person:b')], 3)).toEqual({ state: 'pending' });
  });

  it('counts a person once, however many decisions of theirs there are', () => {
    expect(outcomeOf([made('person:a'), made('person:a')], 2)).toEqual({ state: 'pending' });
    expect(outcomeOf([broken('person:a'), broken('person:a')], 5)).toEqual({ state: 'pending' });
  });

  it('counts those who break the glass apart, and always takes two of them', () => {
    expect(outcomeOf([broken('person:a')], 1)).toEqual({ state: 'pending' });
    expect(outcomeOf([broken('person:a'), made('person:b')], 2)).toEqual({ state: 'pending' });
    expect(outcomeOf([broken('person:a'), broken('person:b')], 9)).toEqual({
      state: 'approved',
      basis: 'break_glass',
    });
  });
});

describe('the capability that breaking the glass releases', () => {
  it('lasts a minute at most, and less where the rule says so', () => {
    const ttl = (ttlMs: number) => capabilityTtlMs({ capability: { ttlMs } }, true);
    expect(ttl(300_000)).toBe(60_000);
    expect(ttl(20_000)).toBe(20_000);
    expect(capabilityTtlMs({ capability: { ttlMs: 300_000 } }, false)).toBe(300_000);
  });
});

const ESCALATING = {
  groups: ['ops'],
  escalations: [
    { afterMs: 600_000, groups: ['cto'] },
    { afterMs: 1_200_000, groups: ['ceo', 'board'] },
  ],
};

describe('the groups that may decide', () => {
  it('grow at the very millisecond at which an escalation is due', () => {
    const at = (now: number) => groupsAt(ESCALATING, { requestedAt: 1_000, now });
    expect(at(600_999)).toEqual(['ops']);
    expect(at(601_000)).toEqual(['ops', 'cto']);
    expect(at(1_201_000)).toEqual(['ops', 'cto', 'ceo', 'board']);
  });

  it('stay everybody where the rule names none', () => {
    expect(groupsAt({ ...ESCALATING, groups: [] }, { requestedAt: 0, now: 9e9 })).toEqual([]);
  });
});

describe('an escalation', () => {
  const approval = { id: 'apr_1', verdict: holding(ESCALATING), requestedAt: 1_000 };

  it('is due once, and the next one is known', () => {
    expect(nextEscalation(approval, 1_000)).toBe(601_000);
    expect(nextEscalation(approval, 601_000)).toBe(1_201_000);
    expect(nextEscalation(approval, 1_201_000)).toBeUndefined();
    const due = (since: number, now: number) =>
      escalationsDue(approval, { since, now }).map((one) => one.afterMs);
    expect(due(600_999, 601_000)).toEqual([600_000]);
    expect(due(601_000, 601_000)).toEqual([]);
    expect(due(600_999, 5_000_000)).toEqual([600_000, 1_200_000]);
  });
});

const APPROVAL = {
  subject: 'ann',
  requester: 'session:ses_1',
  requestedAt: 0,
  call: { kind: 'tool' } as FrozenCall,
};
const ADA: Approver = { kind: 'person', id: 'per_ada', groups: ['ops', 'break-glass'] };

function refusal(
  terms: Partial<ApprovalTerms>,
  how: {
    approver?: Partial<Approver>;
    approval?: Partial<typeof APPROVAL>;
    maker?: Maker;
    breakGlass?: boolean;
  } = {},
): string | undefined {
  return approverRefusal(
    { ...(holding(terms).approval as ApprovalTerms) },
    { ...ADA, ...how.approver },
    {
      approval: { ...APPROVAL, ...how.approval },
      maker: how.maker ?? { kind: 'nobody' },
      at: 0,
      breakGlass: how.breakGlass ?? false,
    },
  );
}

describe('the requester', () => {
  it.each([
    ['by id', { subject: 'per_ada' }, {}],
    ['by reference', { subject: 'person:per_ada' }, {}],
    ['by the subject of their sessions', { subject: 'ann' }, { subject: 'ann' }],
    ['by that subject as an actor writes it', { subject: 'user:ann' }, { subject: 'ann' }],
    ['as the one who asked', { requester: 'person:per_ada' }, {}],
  ])('is known %s and may not decide', (_, approval, approver) => {
    expect(refusal({}, { approval, approver })).toMatch(/your own agent/);
    expect(refusal({ excludeRequester: false }, { approval, approver })).toBeUndefined();
  });

  const maker = { kind: 'person', person: 'person:per_ada', keys: 1 } as const;
  const asking = { call: { kind: 'action' } as FrozenCall, requester: 'service_account:svc_1' };
  it.each<[string, Extract<Maker, { kind: 'person' }>, Partial<typeof APPROVAL>, string]>([
    ['minted the session', { ...maker, keys: 0 }, {}, 'You minted this session'],
    ['made the key of the session', maker, {}, 'You made the API key that minted this session'],
    [
      'made the key of that key',
      { ...maker, keys: 2 },
      {},
      'You made the API key behind the one that minted',
    ],
    [
      'made the key that requested an action',
      maker,
      { ...asking, requester: 'api_key:key_1' },
      'You made the API key that requested this action',
    ],
    [
      'registered what requested it',
      { ...maker, keys: 0 },
      asking,
      'You registered the service account that',
    ],
  ])('is whoever %s too, and is told so', (_, by, approval, words) => {
    expect(refusal({}, { maker: by, approval })).toContain(words);
    expect(refusal({ excludeRequester: false }, { maker: by, approval })).toBeUndefined();
    expect(refusal({ excludeRequester: false }, { maker: by, approval, breakGlass: true })).toContain(words);
    expect(refusal({}, { maker: { ...by, person: 'person:per_bob' }, approval })).toBeUndefined();
  });

  it('cannot be told from others where the maker is unknown, so that nobody decides', () => {
    expect(refusal({}, { maker: { kind: 'unknown' } })).toMatch(/cannot tell who made/);
    expect(refusal({ excludeRequester: false }, { maker: { kind: 'unknown' } })).toBeUndefined();
  });

  it('may not break the glass, whatever the rule says', () => {
    const own = { approval: { subject: 'per_ada' }, breakGlass: true };
    expect(refusal({ excludeRequester: false }, own)).toMatch(/your own agent/);
  });

  it('is a service account too, which may not decide what it asked for', () => {
    const account = { kind: 'service_account', id: 'svc_1', groups: [] } as const;
    const asked = { approver: account, approval: { requester: 'service_account:svc_1' } };
    expect(refusal({ approver: 'automation' }, asked)).toMatch(/your own agent/);
    expect(refusal({ approver: 'automation' }, { approver: account })).toBeUndefined();
  });
});

describe('who may break the glass', () => {
  it('is a person of the group break-glass, whatever groups the rule names', () => {
    expect(refusal({ groups: ['board'] }, { breakGlass: true })).toBeUndefined();
    expect(refusal({}, { breakGlass: true, approver: { groups: ['ops'] } })).toMatch(/break-glass/);
    const account = { kind: 'service_account', groups: ['break-glass'] } as const;
    expect(refusal({ approver: 'automation' }, { breakGlass: true, approver: account })).toMatch(/people/);
  });
});

describe('terms on the passkey', () => {
  const aaguid = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';
  const key: Authenticator = { backupEligible: false, attestation: 'packed', aaguid };
  const synced = { ...key, backupEligible: true };

  it('refuse the one condition that is not met, and say which', () => {
    expect(authenticatorRefusal({ backupEligible: false }, synced, false)).toMatch(/backup-eligible/);
    expect(authenticatorRefusal({ attestation: ['tpm'] }, key, false)).toMatch(/format tpm.*"packed"/);
    expect(authenticatorRefusal({ aaguids: ['0'.repeat(36)] }, key, false)).toContain(aaguid);
  });

  it('let pass what meets all of them, and everything where there are none', () => {
    const terms = { backupEligible: false, attestation: ['packed', 'tpm'], aaguids: [aaguid] } as const;
    expect(authenticatorRefusal(terms, key, false)).toBeUndefined();
    expect(authenticatorRefusal({}, synced, false)).toBeUndefined();
  });

  it('are never met by a service account, which has no passkey', () => {
    expect(authenticatorRefusal({ backupEligible: false }, undefined, false)).toMatch(/service account/);
    expect(authenticatorRefusal({}, undefined, false)).toBeUndefined();
  });

  it('always ask for one that is bound to a device where the glass is broken', () => {
    expect(authenticatorRefusal({}, synced, true)).toMatch(/Breaking the glass/);
    expect(authenticatorRefusal({}, key, true)).toBeUndefined();
  });
});
