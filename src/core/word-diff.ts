/** A stretch of text that both sides have, or only one of them. */
export interface Stretch {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

const WORD = /[\p{L}\p{N}\p{M}_]+|\s+|[^\p{L}\p{N}\p{M}_\s]/gu;
const MAX_CELLS = 1_000_000;

function joined(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const stretch of stretches) {
    const last = result.at(-1);
    if (stretch.text === '') continue;
    if (last?.kind === stretch.kind) result[result.length - 1] = { ...last, text: last.text + stretch.text };
    else result.push(stretch);
  }
  return result;
}

/** For each pair of positions, how many words the rests after them have in common, in order. */
function commonLengths(before: readonly string[], after: readonly string[]) {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  return at;
}

function middle(before: readonly string[], after: readonly string[]): Stretch[] {
  const whole: Stretch[] = [
    { kind: 'gone', text: before.join('') },
    { kind: 'new', text: after.join('') },
  ];
  if (before.length * after.length > MAX_CELLS) return whole;
  const common = commonLengths(before, after);
  if (common(0, 0) === 0) return whole;
  const stretches: Stretch[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    const old = before[i];
    const fresh = after[j];
    if (old !== undefined && old === fresh) {
      stretches.push({ kind: 'same', text: old });
      i++;
      j++;
    } else if (old !== undefined && (fresh === undefined || common(i + 1, j) >= common(i, j + 1))) {
      stretches.push({ kind: 'gone', text: old });
      i++;
    } else {
      stretches.push({ kind: 'new', text: fresh ?? '' });
      j++;
    }
  }
  return stretches;
}

/**
 * Two texts word by word. The `same` and `gone` stretches together are `before`, the `same` and `new` ones `after`,
 * character by character. Texts that are too long to compare in full differ as a whole between what they begin and
 * end with alike.
 */
export function diffWords({ before, after }: { before: string; after: string }): Stretch[] {
  const old = before.match(WORD) ?? [];
  const fresh = after.match(WORD) ?? [];
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let end = 0;
  const most = Math.min(old.length, fresh.length) - start;
  while (end < most && old.at(-1 - end) === fresh.at(-1 - end)) end++;
  return joined([
    { kind: 'same', text: old.slice(0, start).join('') },
    ...middle(old.slice(start, old.length - end), fresh.slice(start, fresh.length - end)),
    { kind: 'same', text: old.slice(old.length - end).join('') },
  ]);
}
