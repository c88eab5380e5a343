const NEWLINE = 0x0a;

/** Longer than any line of an export: a result of 16 MiB in which every byte is escaped. */
const LINE_BYTES_MAX = 128 * 1024 * 1024;

/** A line of a file, or why there is none. */
export type Line = { readonly text: string } | { readonly problem: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Uint8Array): Line {
  try {
    return { text: utf8.decode(bytes) };
  } catch {
    return { problem: 'it is not UTF-8' };
  }
}

/**
 * Cuts bytes into lines, a few at a time, and holds no more than one line. Every line must end in a newline: what is
 * left over at the end is a problem, as is a line that no export can have.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Line, void> {
  const parts: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, at);
      yield decode(parts.length === 0 ? piece : Buffer.concat([...parts.splice(0), piece]));
      held = 0;
      from = at + 1;
    }
    if (from === chunk.length) continue;
    parts.push(chunk.slice(from));
    held += chunk.length - from;
    if (held > LINE_BYTES_MAX) {
      yield { problem: 'it is longer than any line of an export' };
      return;
    }
  }
  if (held > 0) yield { problem: 'it does not end: the file was cut off' };
}
