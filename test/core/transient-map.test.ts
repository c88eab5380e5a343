import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTransientMap } from '../../src/core/transient-map.ts';

type Step =
  | { readonly do: 'set'; readonly key: number; readonly value: string }
  | { readonly do: 'take' | 'get'; readonly key: number }
  | { readonly do: 'clear' };

const key = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key, value: fc.string({ maxLength: 3 }) }),
  fc.record({ do: fc.constantFrom('take' as const, 'get' as const), key }),
  fc.constant({ do: 'clear' as const }),
);

function take(model: Map<number, string>, at: number): string | undefined {
  const value = model.get(at);
  model.delete(at);
  return value;
}

describe('a transient map', () => {
  it('holds what a Map would hold, in the same order, whatever is set, taken and cleared', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Map<number, string>();
        const map = createTransientMap<number, string>();
        for (const one of steps) {
          if (one.do === 'set') {
            model.set(one.key, one.value);
            map.set(one.key, one.value);
          } else if (one.do === 'take') expect(map.take(one.key)).toBe(take(model, one.key));
          else if (one.do === 'get') expect(map.get(one.key)).toBe(model.get(one.key));
          else {
            expect(map.clear()).toEqual([...model.values()]);
            model.clear();
          }
          expect(map.values()).toEqual([...model.values()]);
          expect(map.size).toBe(model.size);
        }
      }),
    );
  });

  it('gives nothing of what was cleared a second time', () => {
    const map = createTransientMap<string, object>();
    const [first, second] = [{}, {}];
    map.set('first', first);
    map.set('second', second);
    expect(map.clear()).toEqual([first, second]);
    expect(map.take('first')).toBeUndefined();
    expect(map.size).toBe(0);
  });
});
