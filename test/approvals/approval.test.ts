import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Approval,
  type ApprovalState,
  dedupeKey,
  isSettled,
  mayBecome,
  stateAt,
} from '../../src/approvals/approval.ts';
import { freezeCall, thawCall } from '../../src/approvals/frozen-call.ts';
import { settlementOf } from '../../src/approvals/replay.ts';
import { anyJsonObject } from '../support/arbitraries.ts';

const STATES: readonly ApprovalState[] = [
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'void',
  'executing',
  'succeeded',
  'failed',
  'unknown',
];
const ALLOWED = new Set([
  'pending>approved',
  'pending>denied',
  'pending>expired',
  'pending>cancelled',
  'approved>executing',
  'approved>expired',
  'approved>void',
  'executing>succeeded',
  'executing>failed',
  'executing>unknown',
  'unknown>succeeded',
  'unknown>failed',
]);
const STEPS = STATES.flatMap((from) => STATES.map((to) => [from, to] as const));
const at = (state: ApprovalState, expiresAt: number) => ({ state, expiresAt }) as Approval;
describe('the states of an approval', () => {
  it.each(STEPS)('lets %s become %s only where the table of the design says so', (from, to) => {
    expect(mayBecome(from, to)).toBe(ALLOWED.has(`${from}>${to}`));
  });

  it('are settled once nothing is under way any more', () => {
    expect(STATES.filter((state) => !isSettled(state))).toEqual(['pending', 'approved', 'executing']);
  });

  it.each(['pending', 'approved'] as const)(
    'count as expired from the very millisecond when %s runs out',
    (state) => {
      expect(stateAt(at(state, 1_000), 999)).toBe(state);
      expect(stateAt(at(state, 1_000), 1_000)).toBe('expired');
    },
  );

  it('do not expire once the call is under way or settled', () => {
    for (const state of STATES.filter((one) => one !== 'pending' && one !== 'approved'))
      expect(stateAt(at(state, 1_000), 9_999)).toBe(state);
  });
});

describe('the key of a repeated call', () => {
  it('is its digest, or the agent’s own key, and the two never meet', () => {
    expect(dedupeKey('sha256:a', undefined)).toBe(dedupeKey('sha256:a', undefined));
    expect(dedupeKey('sha256:a', undefined)).not.toBe(dedupeKey('sha256:b', undefined));
    expect(dedupeKey('sha256:a', 'one')).not.toBe(dedupeKey('sha256:a', 'two'));
    expect(dedupeKey('sha256:a', 'sha256:a')).not.toBe(dedupeKey('sha256:a', undefined));
  });
});

describe('a frozen call', () => {
  it('comes back from storage with the same bytes and digest, whatever its arguments', () => {
    fc.assert(
      fc.property(anyJsonObject, (args) => {
        const frozen = freezeCall({ server: 's "q"', tool: 'ü', args });
        const { args: _, ...thawed } = thawCall(frozen.text);
        expect(thawed).toEqual(frozen);
      }),
      { seed: 20260105, numRuns: 200 },
    );
  });
});

describe('an outcome', () => {
  it.each([
    [{ kind: 'result', raw: '{}', isError: false }, 'succeeded', 'result'],
    [{ kind: 'result', raw: '{}', isError: true }, 'failed', 'result'],
    [{ kind: 'error', raw: '{}' }, 'failed', 'error'],
    [{ kind: 'not_sent', code: 'cancelled', reason: 'gone' }, 'failed', 'note'],
    [{ kind: 'unknown', reason: 'cut off' }, 'unknown', 'note'],
  ] as const)('of %o settles the call as %s with a %s', (outcome, state, kind) => {
    expect(settlementOf(outcome)).toMatchObject({ state, result: { kind } });
  });

  it('keeps words of ours that storage would refuse', () => {
    const { result } = settlementOf({ kind: 'unknown', reason: `a\0b\ud800${'x'.repeat(9_000)}` });
    expect(result.text).toHaveLength(2_000);
    expect(result.text).not.toContain('\0');
    expect(result.text.isWellFormed()).toBe(true);
  });
});
