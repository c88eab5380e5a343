import { describe, expect, it } from 'vitest';
import { tryCompile } from '../../src/policy/compile.ts';
import type { PolicyInput, Verdict } from '../../src/policy/verdict.ts';
import { call, file, policyOf } from './fixtures.ts';

const KEY = 'cb69481e-8ff7-4039-93ec-0a2729a154a8';

function hold(id: string, approval: string, more = ''): string {
  return `{ id: ${id}, match: { tools: ["*"] }, effect: hold, approval: { ${approval} }${more} }`;
}

function verdictOf(rules: readonly string[], head?: string, input: Partial<PolicyInput> = {}): Verdict {
  return policyOf(rules, head).evaluate(call({}, input));
}

describe('escalation', () => {
  it('is one block or a list, comes in the order of time, and names a group once', () => {
    const list =
      'groups: [ops], escalate: [{ after: 20m, groups: [cto, ops] }, { after: 5m, groups: [leads] }]';
    expect(verdictOf([hold('a', list)]).approval?.escalations).toEqual([
      { afterMs: 300_000, groups: ['leads'] },
      { afterMs: 1_200_000, groups: ['cto'] },
    ]);
    const block = 'groups: [ops], escalate: { after: 5m, groups: [leads] }';
    expect(verdictOf([hold('a', block)]).approval?.escalations).toEqual([
      { afterMs: 300_000, groups: ['leads'] },
    ]);
  });

  it('of several rules is all of them, without who may decide from the start', () => {
    const { approval } = verdictOf([
      hold('a', 'groups: [ops], escalate: { after: 5m, groups: [cto, leads] }'),
      hold('b', 'groups: [leads], escalate: { after: 5m, groups: [ceo] }'),
    ]);
    expect(approval?.groups).toEqual(['leads', 'ops']);
    expect(approval?.escalations).toEqual([{ afterMs: 300_000, groups: ['ceo', 'cto'] }]);
  });

  it('of the defaults holds for a rule that names groups, and says nothing where anyone may decide', () => {
    const head = 'version: 1\ndefaults: { approval: { escalate: { after: 5m, groups: [cto] } } }';
    expect(verdictOf([hold('a', 'groups: [ops]')], head).approval?.escalations).toHaveLength(1);
    expect(verdictOf([hold('a', 'quorum: 1')], head).approval?.escalations).toEqual([]);
  });
});

describe('terms on the authenticator', () => {
  it('of several rules are met only by what each of them accepts', () => {
    const { approval } = verdictOf([
      hold('a', 'authenticator: { backup_eligible: false, attestation: [tpm, packed] }'),
      hold('b', `authenticator: { attestation: [packed, apple], aaguids: [${KEY.toUpperCase()}] }`),
      hold('c', 'quorum: 1'),
    ]);
    expect(approval?.authenticator).toEqual({
      backupEligible: false,
      attestation: ['packed'],
      aaguids: [KEY],
    });
  });

  it('of a rule replace those of the defaults, and can ask for nothing', () => {
    const head = 'version: 1\ndefaults: { approval: { authenticator: { backup_eligible: false } } }';
    expect(verdictOf([hold('a', 'quorum: 1')], head).approval?.authenticator).toEqual({
      backupEligible: false,
    });
    expect(verdictOf([hold('a', 'authenticator: {}')], head).approval?.authenticator).toEqual({});
    const automation = hold('a', 'approver: automation');
    expect(tryCompile([file([automation], head)]).problems).toMatchObject([
      { message: expect.stringContaining('approval.approver: a service account has no passkey') },
    ]);
  });

  it('that no passkey can meet are told when the policy loads, where two rules always hold the same calls', () => {
    const { problems } = tryCompile([
      file([
        hold('a', 'authenticator: { attestation: [tpm] }'),
        hold('b', 'authenticator: { attestation: [packed] }'),
      ]),
    ]);
    expect(problems).toEqual([
      {
        file: 'p.yaml',
        line: 4,
        column: 1,
        message: expect.stringMatching(
          /^rule b: approval\.authenticator\.attestation: expected a value that rule a \(p\.yaml:3\) accepts too/,
        ),
      },
    ]);
  });

  it('that no passkey can meet deny the call, with the rules that ask, where it depends on the call', () => {
    const rules = [
      hold('a', 'authenticator: { attestation: [tpm] }', ', when: "true"'),
      hold('b', 'authenticator: { attestation: [packed] }', ', when: "args.n == 1"'),
    ];
    const policy = policyOf(rules);
    const denied = policy.evaluate(call({ n: 1 }));
    expect(denied.effect).toBe('deny');
    expect(denied.approval).toBeUndefined();
    expect(denied.reason).toBe(
      'The rules a (p.yaml:3) and b (p.yaml:4) hold shop/pay and share no value of approval.authenticator.attestation, so no passkey could approve it; it is denied.',
    );
    expect(policy.evaluate(call({ n: 2 })).effect).toBe('hold');
  });
});

describe('what approving releases', () => {
  it('asks for proof of a key as soon as one rule that holds does', () => {
    const plain = hold('a', 'capability: { ttl: 1m }');
    expect(verdictOf([plain]).approval?.capability.dpop).toBe(false);
    const both = [plain, hold('b', 'capability: { dpop: true }')];
    expect(verdictOf(both).approval?.capability).toEqual({ uses: 1, ttlMs: 60_000, dpop: true });
  });

  it('takes nobody’s decision for an action that is allowed, and is not named for a tool that is', () => {
    const rule =
      '{ id: a, match: { tools: ["*"], kinds: [tool, action] }, effect: allow, approval: { quorum: 3, groups: [ops], capability: { ttl: 1m, dpop: true } } }';
    expect(verdictOf([rule], undefined, { kind: 'action' }).approval).toMatchObject({
      quorum: 0,
      groups: [],
      capability: { ttlMs: 60_000, dpop: true },
    });
    expect(verdictOf([rule]).approval).toBeUndefined();
  });
});

describe('how long things are kept', () => {
  it('is the shortest of all rules that apply, whatever their effect', () => {
    const rules = [
      hold('a', 'quorum: 1', ', retain: 30d'),
      '{ id: b, match: { tools: [pay] }, effect: allow, retain: 7d }',
      '{ id: c, match: { tools: [other] }, effect: allow, retain: 1d }',
    ];
    expect(verdictOf(rules).retainMs).toBe(7 * 86_400_000);
  });

  it('is what the defaults say where a rule says nothing or none applies, and for ever where nobody does', () => {
    const head = 'version: 1\ndefaults: { retain: 90d }';
    const days = (rules: readonly string[]) => Number(verdictOf(rules, head).retainMs) / 86_400_000;
    expect(days([hold('a', 'quorum: 1')])).toBe(90);
    expect(days([])).toBe(90);
    expect(days([hold('a', 'quorum: 1', ', retain: 365d')])).toBe(365);
    expect(verdictOf([hold('a', 'quorum: 1')]).retainMs).toBeUndefined();
  });
});

describe('the metadata of an action', () => {
  it('can be asked by a condition, and is empty for a tool', () => {
    const rules = [
      `{ id: a, match: { tools: ["*"], kinds: [tool, action] }, effect: allow, when: "metadata.environment == 'test'" }`,
    ];
    const metadata = { environment: 'test' };
    expect(verdictOf(rules, undefined, { kind: 'action', metadata }).effect).toBe('allow');
    expect(verdictOf(rules, undefined, { kind: 'action', metadata: { environment: 'x' } }).effect).toBe(
      'hold',
    );
    expect(verdictOf(rules).effect).toBe('hold');
  });
});
