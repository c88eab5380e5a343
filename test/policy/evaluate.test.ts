import { describe, expect, it } from 'vitest';
import { call, policyOf } from './fixtures.ts';

const ALL = 'match: { tools: ["*"] }';

describe('which rules apply', () => {
  it.each([
    ['shop/pay', 'allow'],
    ['shop.pay', 'allow'],
    ['pay', 'allow'],
    ['*/pay', 'allow'],
    ['sh*/p*', 'allow'],
    ['bank/pay', 'hold'],
    ['Pay', 'hold'],
    ['shop/Pay', 'hold'],
    ['pa', 'hold'],
    ['pay2', 'hold'],
  ])('the pattern %s makes the verdict %s', (pattern, effect) => {
    const policy = policyOf([`{ id: r, match: { tools: ["${pattern}"] }, effect: allow }`]);
    expect(policy.evaluate(call()).effect).toBe(effect);
  });

  it.each([
    ['servers: [shop]', 'allow'],
    ['servers: [bank]', 'hold'],
    ['subjects: ["an*"]', 'allow'],
    ['subjects: [bob]', 'hold'],
    ['labels: { team: "blue*" }', 'allow'],
    ['labels: { team: red }', 'hold'],
    ['labels: { toString: "*" }', 'hold'],
    ['labels: { team: blue-1, region: eu }', 'hold'],
    ['kinds: [resource]', 'hold'],
    ['kinds: [tool, prompt]', 'allow'],
  ])('%s makes the verdict %s', (narrow, effect) => {
    const policy = policyOf([`{ id: r, match: { tools: ["*"], ${narrow} }, effect: allow }`]);
    const session = { ...call().session, labels: { team: 'blue-1' } };
    expect(policy.evaluate(call({}, { session })).effect).toBe(effect);
  });

  it('matches resources by server and URI, prompts by name and actions by their whole name', () => {
    const policy = policyOf([
      '{ id: a, match: { tools: ["files/file:///srv/*"], kinds: [resource] }, effect: allow }',
      '{ id: b, match: { tools: ["summary"], kinds: [prompt] }, effect: allow }',
      '{ id: c, match: { tools: ["deployment.*"], kinds: [action] }, effect: allow }',
    ]);
    const effect = (kind: 'resource' | 'prompt' | 'action', tool: string) =>
      policy.evaluate(call({}, { kind, server: kind === 'action' ? '' : 'files', tool })).effect;
    expect(effect('resource', 'file:///srv/a.b/c')).toBe('allow');
    expect(effect('resource', 'file:///etc/passwd')).toBe('hold');
    expect(effect('prompt', 'summary')).toBe('allow');
    expect(effect('action', 'deployment.execute')).toBe('allow');
    expect(effect('action', 'payment.execute')).toBe('hold');
  });
});

describe('the verdict', () => {
  it('holds by default, and says so', () => {
    const verdict = policyOf([]).evaluate(call());
    expect(verdict).toMatchObject({ effect: 'hold', risk: 'medium', matched: [], readOnly: false });
    expect(verdict.decidedBy).toBeUndefined();
    expect(verdict.approval).toEqual({
      groups: [],
      quorum: 1,
      passkey: true,
      approver: 'person',
      excludeRequester: true,
      expiresMs: 1_800_000,
      escalations: [],
      authenticator: {},
      capability: { uses: 1, ttlMs: 300_000, dpop: false },
    });
    expect(verdict.reason).toBe(
      "No rule matches shop/pay, so the policy's default asks for a decision on it.",
    );
  });

  it('denies by default where the policy says so', () => {
    const verdict = policyOf([], 'version: 1\ndefaults: { effect: deny }').evaluate(call());
    expect(verdict.effect).toBe('deny');
    expect(verdict.approval).toBeUndefined();
  });

  it('merges what all holding rules ask of an approval', () => {
    const verdict = policyOf([
      `{ id: a, ${ALL}, effect: hold, approval: { groups: [leads], quorum: 2, expires: 1h, exclude_requester: false, approver: automation, capability: { ttl: 1m } } }`,
      `{ id: b, ${ALL}, effect: hold, risk: high, approval: { groups: [finance], expires: 10m, exclude_requester: true } }`,
      `{ id: c, ${ALL}, effect: allow, approval: { quorum: 9 } }`,
    ]).evaluate(call());
    expect(verdict.approval).toEqual({
      groups: ['finance', 'leads'],
      quorum: 2,
      passkey: true,
      approver: 'person',
      excludeRequester: true,
      expiresMs: 600_000,
      escalations: [],
      authenticator: {},
      capability: { uses: 1, ttlMs: 60_000, dpop: false },
    });
    expect(verdict).toMatchObject({
      effect: 'hold',
      risk: 'high',
      decidedBy: { rule: 'b', file: 'p.yaml', line: 4 },
    });
    expect(verdict.matched.map((place) => place.rule)).toEqual(['a', 'b', 'c']);
  });

  it('lets automation decide only where every holding rule says so', () => {
    const automation = `{ id: a, ${ALL}, effect: hold, approval: { approver: automation } }`;
    const alone = policyOf([automation]).evaluate(call()).approval;
    expect(alone).toMatchObject({ approver: 'automation', passkey: false });
    const both = policyOf([automation, `{ id: b, ${ALL}, effect: hold }`]).evaluate(call()).approval;
    expect(both).toMatchObject({ approver: 'person', passkey: true });
  });

  it.each([
    ['hold', 'allow', 'hold'],
    ['hold', 'hold', 'hold'],
    ['deny', 'allow', 'deny'],
    ['deny', 'hold', 'deny'],
  ])(
    'on_error %s replaces the effect of an %s rule whose condition fails with %s',
    (onError, effect, expected) => {
      const verdict = policyOf([
        `{ id: r, ${ALL}, effect: ${effect}, when: args.missing == 1, on_error: ${onError}, read_only: true }`,
      ]).evaluate(call());
      expect(verdict.effect).toBe(expected);
      expect(verdict.readOnly).toBe(false);
      expect(verdict.reason).toContain('The condition of rule r (p.yaml:3) could not be evaluated');
    },
  );

  it('never repeats an argument in its reason', () => {
    const policy = policyOf([`{ id: r, ${ALL}, effect: allow, when: "bool(args.s)" }`]);
    expect(policy.evaluate(call({ s: 'canary' })).reason).not.toContain('canary');
  });

  it('takes an annotation for a claim unless a rule trusts it', () => {
    const annotations = { readOnlyHint: true };
    const plain = policyOf([`{ id: r, match: { tools: ["bank/*"] }, effect: allow }`]);
    expect(plain.evaluate(call({}, { annotations })).effect).toBe('hold');
    const trusting = policyOf([
      `{ id: r, match: { tools: ["shop/*"] }, effect: allow, trust_annotations: true }`,
    ]);
    const effect = (claim: Record<string, boolean>) =>
      trusting.evaluate(call({}, { annotations: claim })).effect;
    expect(effect({ readOnlyHint: true })).toBe('allow');
    expect(effect({ readOnlyHint: true, destructiveHint: true })).toBe('hold');
    expect(effect({})).toBe('hold');
    expect(trusting.evaluate(call({}, { annotations })).readOnly).toBe(false);
  });

  it("takes read_only and idempotent from operators' rules, and one false vetoes them", () => {
    const yes = `{ id: a, ${ALL}, effect: allow, read_only: true, idempotent: true }`;
    expect(policyOf([yes]).evaluate(call())).toMatchObject({ readOnly: true, idempotent: true });
    const veto = `{ id: b, ${ALL}, effect: allow, read_only: false }`;
    expect(policyOf([yes, veto]).evaluate(call())).toMatchObject({ readOnly: false, idempotent: true });
  });

  it('gathers what to redact from every rule that applies, failed ones included', () => {
    const verdict = policyOf([
      `{ id: a, ${ALL}, effect: allow, redact: [/pin] }`,
      `{ id: b, ${ALL}, effect: allow, when: args.missing, redact: [/pan, /pin] }`,
      `{ id: c, match: { tools: [other] }, effect: allow, redact: [/x] }`,
    ]).evaluate(call());
    expect(verdict.redact).toEqual(['/pin', '/pan']);
  });

  it('keeps shadow rules out of the verdict and records what they would have done', () => {
    const verdict = policyOf([
      `{ id: a, ${ALL}, effect: allow }`,
      `{ id: b, ${ALL}, effect: deny, mode: shadow, risk: critical, redact: [/x] }`,
      `{ id: c, ${ALL}, effect: allow, mode: shadow }`,
      `{ id: d, ${ALL}, effect: hold, mode: shadow, when: args.missing }`,
    ]).evaluate(call());
    expect(verdict).toMatchObject({ effect: 'allow', risk: 'low', redact: [] });
    expect(verdict.shadow.map(({ rule, effect }) => [rule, effect])).toEqual([
      ['b', 'deny'],
      ['d', 'hold'],
    ]);
  });

  it('records a shadow rule that would have replaced the default', () => {
    const verdict = policyOf(
      [`{ id: a, ${ALL}, effect: allow }`],
      'version: 1\ndefaults: { mode: shadow }',
    ).evaluate(call());
    expect(verdict.effect).toBe('hold');
    expect(verdict.shadow).toEqual([{ rule: 'a', file: 'p.yaml', line: 4, effect: 'allow' }]);
  });

  it('names a resource by its server alone, because a URI may hold secrets', () => {
    const verdict = policyOf([]).evaluate(call({}, { kind: 'resource', tool: 'db://canary' }));
    expect(verdict.reason).not.toContain('canary');
  });

  it('gives the same frozen verdict again where only the target matters', () => {
    const policy = policyOf([`{ id: a, ${ALL}, effect: allow }`]);
    expect(policy.evaluate(call({ n: 1 }))).toBe(policy.evaluate(call({ n: 2 })));
    expect(policy.evaluate(call({}, { risk: 'high' })).risk).toBe('high');
    expect(policy.evaluate(call()).risk).toBe('low');
  });

  it('judges an allowed call among 50 rules in microseconds', () => {
    const rules = Array.from(
      { length: 50 },
      (_, index) =>
        `{ id: r${index}, match: { tools: ["shop/t${index}_*"] }, effect: hold, when: args.n > ${index} }`,
    );
    const policy = policyOf([
      ...rules,
      '{ id: mine, match: { tools: [shop/pay] }, effect: allow, when: args.n < 9 }',
    ]);
    const input = call({ n: 1 });
    for (let turn = 0; turn < 5_000; turn++) policy.evaluate(input);
    const started = performance.now();
    for (let turn = 0; turn < 5_000; turn++) policy.evaluate(input);
    expect((performance.now() - started) / 5_000).toBeLessThan(0.1);
  });
});
