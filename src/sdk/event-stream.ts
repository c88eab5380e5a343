/** One event of a server-sent event stream (HTML standard, "Server-sent events"). */
export interface ServerEvent {
  /** The last id that the stream named, with this event or before it. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface EventParser {
  /** Takes the next piece of text, however it was cut, and returns the events that it completed. */
  push(text: string): ServerEvent[];
  /** Milliseconds to wait before reconnecting, once the stream said so. */
  retryMs(): number | undefined;
  /** The last id that the stream named, also one that came without data; empty when none did. */
  lastId(): string;
}

const LONGEST_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** Parses an event stream as the HTML standard says: CR, LF or CRLF; comments ignored; an unfinished event is lost. */
export function createEventParser(): EventParser {
  let rest = '';
  let afterCr = false;
  let atStart = true;
  let id = '';
  let event = '';
  let data: string[] = [];
  let size = 0;
  let retry: number | undefined;

  function takeField(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^\d{1,9}$/.test(value)) retry = Number(value);
  }

  function takeLine(line: string): ServerEvent | undefined {
    if (line !== '') {
      size += line.length;
      takeField(line);
      return undefined;
    }
    const finished =
      data.length === 0 ? undefined : { id, event: event === '' ? 'message' : event, data: data.join('\n') };
    event = '';
    data = [];
    size = 0;
    return finished;
  }

  return {
    push(text) {
      let piece = text;
      if (atStart && piece !== '') {
        atStart = false;
        if (piece.startsWith('\uFEFF')) piece = piece.slice(1);
      }
      if (afterCr && piece.startsWith('\n')) piece = piece.slice(1);
      if (text !== '') afterCr = text.endsWith('\r');
      const lines = (rest + piece).split(/\r\n|\r|\n/);
      rest = lines.pop() ?? '';
      const events = lines.flatMap((line) => takeLine(line) ?? []);
      if (rest.length + size > LONGEST_EVENT_CHARACTERS)
        throw new TypeError('An event of the stream is too long.');
      return events;
    },
    retryMs: () => retry,
    lastId: () => id,
  };
}

/** Reads the events of a body. Ends when the body does; throws a TypeError after `idleMs` without a byte. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  options: { idleMs: number; parser: EventParser },
): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const chunk = await readWithin(reader, options.idleMs);
      if (chunk.done) return;
      yield* options.parser.push(decoder.decode(chunk.value, { stream: true }));
    }
  } finally {
    // Also when the consumer leaves early: without it the connection would stay open. The stream may have failed.
    await reader.cancel().catch(() => undefined);
  }
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, idleMs: number) {
  let handle: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<never>((_resolve, reject) => {
    handle = setTimeout(() => reject(new TypeError(`The stream was silent for ${idleMs} ms.`)), idleMs);
  });
  try {
    return await Promise.race([reader.read(), idle]);
  } finally {
    clearTimeout(handle);
  }
}
