import { describe, expect, it } from 'vitest';
import { approverFindings, ledgerFindings, serverFindings } from '../../../src/cli/doctor/check-inside.ts';
import type { Approver } from '../../../src/sdk/approvers.ts';
import type { Server } from '../../../src/sdk/servers.ts';
import type { Witness } from '../../../src/sdk/witnesses.ts';

const server: Server = {
  name: 'web',
  kind: 'http',
  state: 'ready',
  era: 'modern',
  tools: 3,
  quarantined: 0,
  refused: 0,
  problem: null,
};
const passkey = {
  id: 'psk_1',
  createdAt: '',
  lastUsedAt: null,
  suspectAt: null,
  deviceType: 'singleDevice',
  attestation: 'none',
  aaguid: '',
};
const ann: Approver = {
  id: 'per_1',
  name: 'Ann',
  groups: [],
  subject: null,
  passkeys: [passkey],
  createdAt: '',
};
const held = { rule: 'x', place: 'p.yaml:3', quorum: 2, able: 2, excludeRequester: true };
const witness: Witness = {
  name: 'w',
  url: 'https://w.example',
  vkey: 'w+1+k',
  size: 10,
  cosignedAt: '2026-01-01T00:00:00.000Z',
  error: null,
  conflict: null,
};
const now = '2026-01-01T01:00:00.000Z';
const ledger = { size: 10, newestAt: now, vkey: 'log+00000000+A' };

const statuses = (found: readonly { status: string }[]) => found.map(({ status }) => status);

describe('what the doctor says of', () => {
  it.each<[string, Partial<Server>, number | null, string, RegExp]>([
    ['one that is well', {}, 20, 'ok', /3 tools, 2026-07-28/],
    ['one that is down', { state: 'down', problem: 'it ended' }, null, 'problem', /down: it ended/],
    ['one with quarantined tools', { quarantined: 1 }, 20, 'warning', /1 quarantined/],
    ['one with a refused tool', { refused: 1 }, 20, 'ok', /3 tools, 2026-07-28; 1 refused/],
    ['a slow one', {}, 2_001, 'warning', /took 2\.0 s/],
    ['one that is slower than was waited', {}, null, 'warning', /longer than was waited/],
    ['one that is switched off', { state: 'stopped', problem: 'disabled at x:1' }, null, 'skipped', /x:1/],
  ])('a server: %s', (_which, more, listedInMs, status, text) => {
    const [found] = serverFindings([{ ...server, ...more }], [{ name: 'web', listedInMs }]);
    expect(found).toMatchObject({ check: 'server web', status, text: expect.stringMatching(text) });
  });

  it('a server that waits for a login: the command for it', () => {
    const problem =
      'nobody has logged in to it; an operator has to log in: countersign server login web; it is tried again';
    const [found] = serverFindings([{ ...server, state: 'down', problem }], []);
    expect(found?.todo).toBe('countersign server login web');
  });

  it('no servers: a warning', () => {
    expect(statuses(serverFindings([], []))).toEqual(['warning']);
  });

  it('a copied passkey, and a quorum that leaves nobody over for the requester', () => {
    const two = { ...ann, passkeys: [passkey, { ...passkey, suspectAt: 'then' }] };
    const found = approverFindings([two], [held, { ...held, able: 3 }, { ...held, excludeRequester: false }]);
    expect(found).toMatchObject([
      { check: 'approvers', status: 'ok' },
      { check: 'approvers', status: 'warning', text: expect.stringContaining('Ann') },
      { check: 'quorum', status: 'warning', text: 'p.yaml:3 (x) takes 2 to approve; 2 can' },
    ]);
  });

  it.each<[string, Partial<Witness>, string]>([
    ['has all', {}, 'ok'],
    ['is a little behind', { size: 9, cosignedAt: '2026-01-01T00:55:00.000Z' }, 'ok'],
    ['is long behind', { size: 9 }, 'warning'],
    ['has cosigned nothing', { size: 0, cosignedAt: null }, 'warning'],
    [
      'has seen another ledger',
      { conflict: { kind: 'fork', witnessSize: 11, ownSize: 10, at: now } },
      'problem',
    ],
  ])('a witness that %s', (_how, more, status) => {
    expect(statuses(ledgerFindings({ ledger, now, witnesses: [{ ...witness, ...more }] }))).toEqual([status]);
  });

  it('a ledger whose newest entry is in the future: that the clock was set back', () => {
    const found = ledgerFindings({ ledger, now: '2026-01-01T00:59:00.000Z', witnesses: [witness] });
    expect(found[0]).toMatchObject({ status: 'problem', text: expect.stringContaining('60 s later') });
  });
});
