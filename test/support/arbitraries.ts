import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const key = text.filter((one) => one !== '__proto__');
const number = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .filter((one) => !Object.is(one, -0) && (!Number.isInteger(one) || Number.isSafeInteger(one)));

const tree = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
}));

/** Any JSON value that the strict parser accepts. */
export const anyJson = tree.value;

/** Any JSON object that the strict parser accepts. */
export const anyJsonObject = tree.object;
