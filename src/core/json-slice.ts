/** Where a top-level member's value stands in the text: `text.slice(start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return -1;
    let slashes = 0;
    while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      if (at < 0) return -1;
      continue;
    }
    if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) return at;
      depth--;
    } else if (code === 0x2c && depth === 0) return at;
    at++;
  }
  return -1;
}

/**
 * Finds the members of a JSON object without building it, so that a value can be passed on byte for byte.
 * The text must already be known to be valid JSON (it is only walked, not checked). Returns undefined when the
 * text is not an object. Of a repeated key the last one is reported, as `JSON.parse` does.
 */
export function sliceMembers(text: string): Map<string, Span> | undefined {
  const members = new Map<string, Span>();
  let at = text.indexOf('{');
  if (at < 0 || text.slice(0, at).trim() !== '') return undefined;
  at++;
  for (;;) {
    const keyStart = text.indexOf('"', at);
    if (keyStart < 0) return members;
    const keyEnd = endOfString(text, keyStart);
    if (keyEnd < 0) return undefined;
    let start = text.indexOf(':', keyEnd) + 1;
    while (text.charCodeAt(start) <= 0x20) start++;
    const stop = endOfValue(text, start);
    if (stop < 0) return undefined;
    let end = stop;
    while (text.charCodeAt(end - 1) <= 0x20) end--;
    members.set(JSON.parse(text.slice(keyStart, keyEnd)) as string, { start, end });
    if (text.charCodeAt(stop) === 0x7d) return members;
    at = stop + 1;
  }
}
