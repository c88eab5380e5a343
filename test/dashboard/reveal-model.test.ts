import { describe, expect, test } from 'vitest';
import { commitText, freezeAction, freezeCall } from '../../src/approvals/frozen-call.ts';
import { buildStatement } from '../../src/approvals/statement.ts';
import { canonicalize } from '../../src/core/canonical.ts';
import { statementChallenge } from '../../src/core/digest.ts';
import { checkRevealed } from '../../src/dashboard/browser/model/check-revealed.ts';
import {
  hiddenCount,
  hiddenPaths,
  unrevealed,
  withRevealed,
} from '../../src/dashboard/browser/model/hidden.ts';
import { mayReveal } from '../../src/dashboard/browser/model/quorum.ts';
import { verifyStatement } from '../../src/dashboard/browser/model/verify-statement.ts';
import type { ApprovalDetail } from '../../src/sdk/approval.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const VIEW = 'Countersign approval view v1\n';
const call = freezeCall({ server: 'bank', tool: 'pay', args: { amount: 5, pin: '1234' } });
const committed = commitText(call.text, new Uint8Array(32).fill(1));
const view = commitText(VIEW, new Uint8Array(32).fill(2));
const exact = { text: call.text, salt: committed.salt, digest: call.digest };

const DETAIL = {
  id: 'apr_1',
  kind: 'tool',
  state: 'pending',
  log: 'localhost/default',
  instance: 'i_1',
  server: 'bank',
  tool: 'pay',
  action: null,
  toolHash: 'sha256:t',
  policyVersion: 'sha256:p',
  call: canonicalize({ arguments: { amount: 5, pin: '[redacted]' }, server: 'bank', tool: 'pay' }),
  callSalt: null,
  callDigest: null,
  callCommit: committed.commit,
  viewSalt: view.salt,
  hidden: ['/pin'],
  hiddenInResult: ['result:/code'],
  redactedAt: null,
  groups: ['finance'],
  escalations: [],
  requestedAt: new Date(NOW).toISOString(),
  excludeRequester: false,
  ownRequest: null,
  quorum: { needed: 2, approvals: [] },
  breakGlass: { needed: 2, approvals: [], reasons: [] },
} as unknown as ApprovalDetail;

describe('what was revealed', () => {
  test('is taken for the call only when it is what the commitment stands for', async () => {
    await checkRevealed(DETAIL, exact);
    const other = freezeCall({ server: 'bank', tool: 'pay', args: { amount: 5, pin: '9999' } });
    const wrong = { text: other.text, salt: exact.salt, digest: other.digest };
    await expect(checkRevealed(DETAIL, wrong)).rejects.toThrow('the commitment differs');
    await expect(checkRevealed(DETAIL, { ...exact, digest: other.digest })).rejects.toThrow('digest');
    const elsewhere = freezeCall({ server: 'shop', tool: 'pay', args: {} });
    await expect(checkRevealed(DETAIL, { ...exact, text: elsewhere.text })).rejects.toThrow('server differs');
  });

  test('takes the place of what was hidden, until the call is erased', () => {
    const shown = withRevealed(DETAIL, { call: exact });
    expect(shown).toMatchObject({ call: call.text, callSalt: exact.salt, callDigest: call.digest });
    expect([hiddenCount(DETAIL), hiddenCount(shown)]).toEqual([1, 0]);
    expect(shown.hiddenInResult).toEqual(['result:/code']);
    expect(withRevealed(DETAIL, { result: { kind: 'result', text: '{}' } }).hiddenInResult).toEqual([]);
    const erased = { ...DETAIL, redactedAt: new Date(NOW).toISOString(), call: '' };
    expect(withRevealed(erased, { call: exact })).toBe(erased);
  });

  test('is marked in the tree where it stands, below the arguments of an action', () => {
    expect([...hiddenPaths(DETAIL)]).toEqual(['/pin']);
    expect([...hiddenPaths({ hidden: ['/pin'], kind: 'action' })]).toEqual(['/arguments/pin']);
  });
});

test('why nothing can be approved yet is said in words, with how many values are hidden', () => {
  expect(unrevealed([withRevealed(DETAIL, { call: exact })])).toBeUndefined();
  expect(unrevealed([DETAIL])).toBe(
    'Reveal the 1 hidden value first: your signature would cover it too. Denying needs no reveal.',
  );
  expect(unrevealed([DETAIL, { hidden: ['/a', '/b'], callSalt: null }])).toMatch(
    /^Reveal the 3 hidden values/,
  );
});

describe('a button to reveal is there', () => {
  const may = (change: object, groups: string[] = ['finance']): boolean =>
    mayReveal({ ...DETAIL, ...change } as ApprovalDetail, { id: 'per_1', groups }, NOW);
  const vote = { approver: 'person:per_1', decision: 'approve', name: 'Ada', at: '' };

  test('for who may decide, who may break the glass, and who has decided', () => {
    expect([may({}), may({}, ['break-glass'])]).toEqual([true, true]);
    expect(may({ state: 'succeeded', quorum: { needed: 1, approvals: [vote] } })).toBe(true);
    expect(may({ quorum: { needed: 2, approvals: [vote] } }, [])).toBe(true);
  });

  test('for nobody else', () => {
    expect([may({}, ['guests']), may({ state: 'expired' })]).toEqual([false, false]);
    expect(may({ excludeRequester: true, ownRequest: 'Your agent asks.' })).toBe(false);
  });
});

describe('a call with hidden values', () => {
  function verify(decision: 'approve' | 'deny', change: Partial<ApprovalDetail> = {}, action?: string) {
    const statement = buildStatement({
      log: DETAIL.log,
      approval: DETAIL.id,
      instance: DETAIL.instance,
      decision,
      actionCommit: action ?? committed.commit,
      viewCommit: view.commit,
      toolHash: DETAIL.toolHash,
      policyVersion: DETAIL.policyVersion,
      approver: 'person:per_1',
      scope: { aud: 'bank', uses: 1, ttl: 300 },
      nonce: Buffer.alloc(32, 3).toString('base64url'),
      exp: NOW / 1_000 + 60,
    });
    const challenge = Buffer.from(statementChallenge(statement)).toString('base64url');
    const detail = { ...DETAIL, ...change };
    return verifyStatement(
      { statementId: 's', statement, challenge, expiresAt: '', rpId: 'localhost', allowCredentials: [] },
      { detail, call: detail.call, view: VIEW, decision, reason: undefined, personId: 'per_1', ...SITE },
    );
  }
  const SITE = { hostname: 'localhost', now: NOW };

  test('is denied by its commitment alone, and by no other', async () => {
    expect(await verify('deny')).toMatch(/^[\w-]{43}$/);
    await expect(verify('deny', {}, 'ab'.repeat(32))).rejects.toThrow('differ in the call');
  });

  test('is approved only as it was revealed', async () => {
    await expect(verify('approve')).rejects.toThrow('hidden from you');
    expect(await verify('approve', withRevealed(DETAIL, { call: exact }))).toMatch(/^[\w-]{43}$/);
    const unsalted = { callSalt: exact.salt, callDigest: call.digest };
    await expect(verify('approve', unsalted)).rejects.toThrow('differ in the call');
  });
});

test('an action that was revealed is compared as a whole', async () => {
  const facts = { actor: 'user:ann', risk: '', metadata: { env: 'prod' } } as const;
  const action = freezeAction({ name: 'deploy', resource: 'svc', args: { token: 't' }, facts });
  const sealed = commitText(action.text, new Uint8Array(32).fill(4));
  const { metadata: _metadata, ...rest } = JSON.parse(action.text);
  const detail = {
    ...DETAIL,
    callCommit: sealed.commit,
    call: canonicalize({ ...rest, metadata: { env: 'dev' }, arguments: { token: '[redacted]' } }),
  };
  const revealed = { text: action.text, salt: sealed.salt, digest: action.digest };
  await expect(checkRevealed(detail, revealed)).rejects.toThrow('metadata differs');
});
