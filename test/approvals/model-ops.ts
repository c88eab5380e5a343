import fc from 'fast-check';

/** One step of a sequence; numbers pick from what there is, modulo how much there is. */
export type Op =
  | { readonly op: 'mint' | 'sweep' | 'reopen' }
  | { readonly op: 'call'; readonly who: number; readonly n: number; readonly key: string | undefined }
  | { readonly op: 'approve' | 'deny' | 'race'; readonly which: number; readonly by: number }
  | { readonly op: 'replay' | 'revoke' | 'remove'; readonly which: number }
  | { readonly op: 'advance'; readonly ms: number }
  | { readonly op: 'policy'; readonly effect: 'hold' | 'deny' | 'allow'; readonly quorum: number }
  | { readonly op: 'crash'; readonly writes: number; readonly kept: boolean };

const index = fc.nat({ max: 5 });
/** Steps in the proportions of a busy day with many faults. */
export const anyOp: fc.Arbitrary<Op> = fc.oneof(
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
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom('approve' as const, 'approve' as const, 'deny' as const, 'race' as const),
      which: index,
      by: fc.nat({ max: 2 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ op: fc.constant('replay' as const), which: index }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constantFrom('revoke' as const, 'remove' as const), which: index }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('advance' as const),
      ms: fc.constantFrom(1, 60_000, 300_000, 600_000, -3_600_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('policy' as const),
      effect: fc.constantFrom(
        'hold' as const,
        'hold' as const,
        'hold' as const,
        'deny' as const,
        'allow' as const,
      ),
      quorum: fc.constantFrom(1, 1, 2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('crash' as const),
      writes: fc.integer({ min: 1, max: 4 }),
      kept: fc.boolean(),
    }),
  },
);
