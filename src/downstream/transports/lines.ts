import { isUtf8 } from 'node:buffer';

/** What a reader of lines reports. `overflow` means that a line is longer than allowed; nothing comes after it. */
export interface LineSink {
  line(text: string): void;
  /** A line that is not UTF-8. */
  malformed(): void;
  overflow(): void;
}

/** Cuts a stream of chunks into lines at `\n`, holding at most `maxBytes` of an unfinished line. */
export function createLineReader({
  maxBytes,
  sink,
}: {
  maxBytes: number;
  sink: LineSink;
}): (chunk: Buffer) => void {
  const state = { parts: [] as Buffer[], held: 0, over: false };

  function emitLine(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text !== '') sink.line(text);
  }

  /** Whole lines at once where they are well-formed, otherwise one by one, so that a bad line costs only itself. */
  function emit(bytes: Buffer): void {
    if (isUtf8(bytes)) {
      for (const line of bytes.toString('utf8').split('\n')) emitLine(line);
      return;
    }
    for (let start = 0; start <= bytes.length; ) {
      const found = bytes.indexOf(0x0a, start);
      const end = found < 0 ? bytes.length : found;
      const line = bytes.subarray(start, end);
      if (isUtf8(line)) emitLine(line.toString('utf8'));
      else sink.malformed();
      start = end + 1;
    }
  }

  return (chunk) => {
    if (state.over) return;
    const last = chunk.lastIndexOf(0x0a);
    const first = last < 0 ? chunk.length : chunk.indexOf(0x0a);
    if (state.held + first > maxBytes || chunk.length - 1 - last > maxBytes) {
      state.over = true;
      state.parts = [];
      return sink.overflow();
    }
    if (last < 0) {
      state.parts.push(chunk);
      state.held += chunk.length;
      return;
    }
    const whole = chunk.subarray(0, last);
    if (state.parts.length === 0) emit(whole);
    else emit(Buffer.concat([...state.parts, whole]));
    const rest = chunk.subarray(last + 1);
    state.parts = rest.length === 0 ? [] : [rest];
    state.held = rest.length;
  };
}
