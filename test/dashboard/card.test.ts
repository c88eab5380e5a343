import { describe, expect, test } from 'vitest';
import {
  approvalIn,
  approvalWaitedFor,
  type Status,
  statusOf,
} from '../../src/dashboard/browser/card/status.ts';
import { countdown, quorumLine, wordsFor, wordsForModel } from '../../src/dashboard/browser/card/words.ts';

const SAID = {
  approval_id: 'apr_1',
  state: 'pending',
  settled: false,
  tool: 'pay',
  server: 'oracle',
  risk: 'high',
  reason: 'Money leaves the company.',
  decision_reason: null,
  state_reason: null,
  approvals_needed: 2,
  approvals_given: 1,
  expires_at: '2026-01-05T12:00:00.000Z',
  expires_in_ms: 61_000,
  approve_url: 'https://gate.example/approvals/apr_1',
};

const STATES = [
  'pending',
  'approved',
  'executing',
  'succeeded',
  'denied',
  'expired',
  'cancelled',
  'void',
  'failed',
  'unknown',
];

describe('what the gateway says to a card', () => {
  test('is read as it is', () => {
    expect(statusOf({ structuredContent: SAID })).toEqual({
      approvalId: 'apr_1',
      state: 'pending',
      settled: false,
      tool: 'pay',
      server: 'oracle',
      risk: 'high',
      reason: 'Money leaves the company.',
      decisionReason: undefined,
      stateReason: undefined,
      approvalsNeeded: 2,
      approvalsGiven: 1,
      expiresAt: '2026-01-05T12:00:00.000Z',
      expiresInMs: 61_000,
      approveUrl: 'https://gate.example/approvals/apr_1',
    });
  });

  test('is no state when it is an error or something else', () => {
    for (const result of [
      undefined,
      null,
      'pending',
      {},
      { structuredContent: SAID, isError: true },
      { structuredContent: { state: 'pending' } },
      { structuredContent: { ...SAID, approval_id: 7 } },
    ])
      expect(statusOf(result)).toBeUndefined();
  });

  test('is named in words for every state there is, and one that is not known by its name', () => {
    const titles = STATES.map((state) => wordsFor(state).title);
    expect(new Set(titles).size).toBe(STATES.length);
    for (const state of STATES) expect(titles).not.toContain(state);
    for (const state of ['denied', 'expired', 'cancelled', 'void'])
      expect(wordsFor(state).detail).toContain('did not run');
    expect(wordsFor('unknown').detail).toContain('may have run');
    expect(wordsFor('paused').title).toBe('paused');
  });

  test('becomes a countdown, a count of approvals, and one sentence for the model', () => {
    const status = statusOf({ structuredContent: SAID }) as Status;
    expect(countdown(61_000)).toBe('Expires in 1 min 01 s');
    expect(countdown(-1)).toBe('Expires now');
    expect(quorumLine(status)).toBe('1 of 2 approvals so far');
    expect(quorumLine({ ...status, approvalsNeeded: 1 })).toBeUndefined();
    expect(wordsForModel({ ...status, state: 'denied' })).toBe(
      'The approval apr_1 is settled: denied. Call approval_wait with it to get the result of the call.',
    );
  });
});

describe('the approval that a card follows', () => {
  test('is taken from a result by its id, which must look like one', () => {
    expect(approvalIn({ structuredContent: { approval_id: 'apr_1' } })).toBe('apr_1');
    for (const approval_id of ['apr_', 'key_1', 'apr_<b>', `apr_${'x'.repeat(101)}`, 7, null])
      expect(approvalIn({ structuredContent: { approval_id } })).toBeUndefined();
    expect(approvalIn({ content: [] })).toBeUndefined();
  });

  test('is known from arguments for the gateway’s own tool alone', () => {
    const args = { approval_id: 'apr_1' };
    expect(approvalWaitedFor('approval_wait', args)).toBe('apr_1');
    expect(approvalWaitedFor('pay', args)).toBeUndefined();
    expect(approvalWaitedFor(undefined, args)).toBeUndefined();
  });
});
