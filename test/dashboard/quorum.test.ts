import { describe, expect, it } from 'vitest';
import {
  authenticatorLines,
  escalationLines,
  groupsNow,
  hindrance,
  mayBreakGlass,
  progressLine,
} from '../../src/dashboard/browser/model/quorum.ts';
import type { Vote } from '../../src/sdk/terms.ts';

const START = '2026-01-05T12:00:00Z';
const NOW = Date.parse(START);
const ME = { id: 'per_me', groups: ['cto'] };
const vote = (approver: string, decision: Vote['decision'] = 'approve'): Vote => ({
  approver,
  name: approver,
  decision,
  at: START,
});

function waiting(
  how: { votes?: Vote[]; broken?: Vote[]; groups?: string[]; own?: string; excludes?: boolean } = {},
) {
  return {
    state: 'pending' as const,
    requestedAt: START,
    groups: how.groups ?? ['ops'],
    excludeRequester: how.excludes ?? true,
    ownRequest: how.own ?? null,
    quorum: { needed: 2, approvals: how.votes ?? [] },
    escalations: [{ afterMs: 600_000, groups: ['cto'], due: false }],
    breakGlass: { needed: 2, approvals: how.broken ?? [], reasons: [] },
  };
}

describe('the page', () => {
  it('lets a group decide from the moment at which its escalation is due', () => {
    expect(groupsNow(waiting(), NOW + 599_999)).toEqual(['ops']);
    expect(hindrance(waiting(), ME, NOW)).toMatch(/Only these groups can decide this call: ops\./);
    expect(hindrance(waiting(), ME, NOW + 600_000)).toBeUndefined();
    expect(hindrance(waiting({ groups: [] }), ME, NOW)).toBeUndefined();
  });

  it('tells whose own request it is in place of Approve, and offers them no glass to break', () => {
    const own = 'You made the API key that minted this session; another person must decide it.';
    const brigade = { id: 'per_me', groups: ['break-glass'] };
    expect(hindrance(waiting({ groups: [], own }), brigade, NOW)).toBe(own);
    expect(hindrance(waiting({ groups: [], own, excludes: false }), brigade, NOW)).toBeUndefined();
    for (const excludes of [true, false]) {
      expect(mayBreakGlass(waiting({ own, excludes }), brigade)).toBe(false);
      expect(mayBreakGlass(waiting({ excludes }), brigade)).toBe(true);
    }
  });

  it('tells when an escalation will be due, and that it was', () => {
    expect(escalationLines(waiting(), NOW + 60_000)).toEqual(['In 9 minutes also: cto.']);
    expect(escalationLines(waiting(), NOW + 600_000)).toEqual([
      'Too few decided for 10 minutes; now also: cto.',
    ]);
  });

  it('counts approvals, not denials, towards the quorum', () => {
    expect(progressLine(waiting({ votes: [vote('person:a'), vote('person:b', 'deny')] }))).toBe(
      '1 of 2 approvals',
    );
  });

  it('lets nobody decide twice, neither in the ordinary way nor by breaking the glass', () => {
    const brigade = { id: 'per_me', groups: ['break-glass', 'ops'] };
    expect(mayBreakGlass(waiting(), brigade)).toBe(true);
    for (const detail of [
      waiting({ votes: [vote('person:per_me')] }),
      waiting({ broken: [vote('person:per_me')] }),
    ]) {
      expect(mayBreakGlass(detail, brigade)).toBe(false);
      expect(hindrance(detail, brigade, NOW)).toMatch(/decided already/);
    }
    expect(mayBreakGlass(waiting({ votes: [vote('person:xper_me')] }), brigade)).toBe(true);
  });

  it('offers to break the glass only to its group, and only while the call waits', () => {
    expect(mayBreakGlass(waiting(), ME)).toBe(false);
    const brigade = { id: 'per_me', groups: ['break-glass'] };
    expect(mayBreakGlass({ ...waiting(), state: 'denied' }, brigade)).toBe(false);
  });

  it('says what the passkey must be', () => {
    expect(authenticatorLines({})).toEqual([]);
    expect(
      authenticatorLines({ backupEligible: false, attestation: ['tpm', 'packed'], aaguids: ['x'] }),
    ).toEqual([
      'Only with a passkey that is bound to one device.',
      'Only with a passkey that was attested as tpm or packed.',
      'Only with certain models of authenticators (AAGUID x).',
    ]);
  });
});
