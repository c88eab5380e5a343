import type { Size } from './cel-value.ts';
import type { Shape } from './expression.ts';

const MAX_TURNS = 100_000;
const MAX_WORK = 2_000_000;
const CHARACTERS_PER_STEP = 64;
const REGEX_CHARACTERS_PER_STEP = 4;

/**
 * Says why a condition may not loop over values of this size, or undefined when it may. An evaluation cannot be
 * interrupted, so that its cost is bounded before it starts (to about 100 ms): the turns of all loops, and, where a
 * loop's body reads more than its element, turns times everything that there is to read.
 */
export function tooCostly(shape: Shape, size: Size): string | undefined {
  if (shape.loops === 0) return undefined;
  const longest = Math.max(size.longest, shape.splits ? size.longestString : 0);
  const nodes = size.nodes + (shape.splits ? size.characters : 0);
  const turns = shape.open || shape.crosses || shape.loops === 1 ? longest ** shape.loops : nodes;
  if (turns > MAX_TURNS) return `the condition would take up to ${turns} turns; ${MAX_TURNS} are allowed`;
  const perStep = shape.usesRegex ? REGEX_CHARACTERS_PER_STEP : CHARACTERS_PER_STEP;
  const work = turns * (nodes + size.characters / perStep);
  if (shape.open && work > MAX_WORK)
    return 'the condition would read the whole input again on each turn of a loop';
  return undefined;
}
