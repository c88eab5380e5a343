function distance(pair: { readonly a: string; readonly b: string }): number {
  const { a, b } = pair;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      current[column] = Math.min(
        (previous[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (previous[column - 1] as number) + change,
      );
    }
    previous = current;
  }
  return previous[b.length] as number;
}

/** The candidate that `word` was most likely meant to be, or undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 100) return undefined;
  let best: { candidate: string; at: number } | undefined;
  for (const candidate of candidates) {
    if (candidate === word || candidate.length > 100) continue;
    const at = distance({ a: word.toLowerCase(), b: candidate.toLowerCase() });
    if (at <= Math.max(1, Math.floor(word.length / 3)) && (best === undefined || at < best.at))
      best = { candidate, at };
  }
  return best?.candidate;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : ` Did you mean "${found}"?`;
}
