import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeRequest } from '../../../src/api/rate/allowance.ts';

const rate = { requests: 10, windowMs: 1_000 };

/** Takes at each of these times in turn; true where it was allowed. */
function takeAt(times: readonly number[]): boolean[] {
  let freeAt: number | undefined;
  return times.map((now) => {
    const allowance = takeRequest(freeAt, { rate, now });
    freeAt = allowance.freeAt;
    return allowance.isAllowed;
  });
}

describe('a caller’s allowance', () => {
  it('may be used up at once, and comes back one by one', () => {
    expect(takeAt(Array(12).fill(5_000))).toEqual([...Array(10).fill(true), false, false]);
    expect(takeAt([...Array(10).fill(0), 99, 100, 101])).toEqual([
      ...Array(10).fill(true),
      false,
      true,
      false,
    ]);
  });

  it('is no greater for having been left unused', () => {
    expect(takeAt([0, ...Array(11).fill(60_000)])).toEqual([...Array(11).fill(true), false]);
  });

  it('says what remains, when it is whole again, and how long to wait for one more', () => {
    const first = takeRequest(undefined, { rate, now: 0 });
    expect(first).toMatchObject({ remaining: 9, resetMs: 100, retryAfterMs: 0 });
    const spent = takeRequest(1_000, { rate, now: 0 });
    expect(spent).toMatchObject({ isAllowed: false, remaining: 0, retryAfterMs: 100, freeAt: 1_000 });
  });

  it('lets no more through in all than what one may hold and what has come back since', () => {
    const steps = fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(steps, (gaps) => {
        let now = 0;
        const times = gaps.map((gap) => {
          now += gap;
          return now;
        });
        const allowed = times.filter((_time, index) => takeAt(times)[index]);
        expect(allowed.length).toBeLessThanOrEqual(rate.requests + now / 100 + 1);
      }),
    );
  });
});
