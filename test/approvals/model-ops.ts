import fc from 'fast-check';
import type { Key, TERMS } from './model-people.ts';

/** One step of a sequence; numbers pick from what there is, modulo how much there is. */
export type Op =
  | { readonly op: 'mint' | 'sweep' | 'reopen' }
  | { readonly op: 'call'; readonly who: number; readonly n: number; readonly key: string | undefined }
  | {
      readonly op: 'approve' | 'deny' | 'break' | 'race' | 'rally';
      readonly which: number;
      readonly by: number;
      readonly key: Key;
      /** A rally waits for an escalation first. */
      readonly late: boolean;
    }
  | { readonly op: 'replay' | 'revoke' | 'remove' | 'drop' | 'leave'; readonly which: number }
  | { readonly op: 'advance'; readonly ms: number }
  | {
      readonly op: 'policy';
      readonly effect: 'hold' | 'deny' | 'allow';
      readonly quorum: number;
      readonly terms: keyof typeof TERMS;
    }
  | { readonly op: 'crash'; readonly writes: number; readonly kept: boolean };

const index = fc.nat({ max: 5 });
const anyPolicy: fc.Arbitrary<Op> = fc.record({
  op: fc.constant('policy' as const),
  effect: fc.constantFrom(
    'hold' as const,
    'hold' as const,
    'hold' as const,
    'hold' as const,
    'deny' as const,
    'allow' as const,
  ),
  quorum: fc.constantFrom(1, 1, 2),
  terms: fc.constantFrom('plain' as const, 'escalating' as const, 'escalating' as const, 'bound' as const),
});

/** Steps in the proportions of a busy day with many faults. */
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<Op>({ op: 'mint' }, { op: 'sweep' }, { op: 'reopen' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('call' as const),
      who: index,
      n: fc.nat({ max: 2 }),
      key: fc.constantFrom(undefined, undefined, 'one', 'two'),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      op: fc.constantFrom(
        'approve' as const,
        'approve' as const,
        'break' as const,
        'break' as const,
        'deny' as const,
        'race' as const,
        'rally' as const,
        'rally' as const,
      ),
      which: fc.nat({ max: 2 }),
      by: fc.nat({ max: 3 }),
      key: fc.constantFrom<Key>(0, 0, 1),
      late: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('replay' as const), which: index }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('revoke' as const, 'remove' as const, 'drop' as const, 'leave' as const),
      which: index,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      // Set back by little, the clock is tolerated; by much, what is judged by its time has to wait.
      ms: fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(1, 60_000, 60_000, 60_000, 300_000, 600_000, -4_000) },
        { weight: 1, arbitrary: fc.constant(-600_000) },
      ),
    }),
  },
  { weight: 2, arbitrary: anyPolicy },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('crash' as const),
      writes: fc.integer({ min: 1, max: 4 }),
      kept: fc.boolean(),
    }),
  },
);

/** A sequence: a policy, and a busy day under it. */
export const anyDay: fc.Arbitrary<readonly Op[]> = fc
  .tuple(anyPolicy, fc.array(anyOp, { minLength: 10, maxLength: 60, size: 'max' }))
  .map(([policy, steps]) => [policy, ...steps]);
