/** One event of a `text/event-stream` body (HTML Living Standard, "Server-sent events"). */
export interface StreamEvent {
  readonly data: string;
  readonly type: string;
}

export interface EventReader {
  /** Takes the next piece of text and returns the events that it completed. */
  push(text: string): StreamEvent[];
  /** The last `id` that was seen; empty when the server sent none. */
  lastEventId(): string;
  /** The server's wish for the pause before a reconnection, in milliseconds. */
  retryMs(): number | undefined;
  /** Characters held for an event that is not complete. */
  held(): number;
}

/** An incremental parser of server-sent events. Pure state: no I/O, no clock. */
export function createEventReader(): EventReader {
  const state = {
    rest: '',
    waiting: [] as string[],
    waitingSize: 0,
    data: [] as string[],
    size: 0,
    type: '',
    id: '',
    retry: undefined as number | undefined,
  };

  function field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (name === 'data') {
      state.data.push(value);
      state.size += value.length;
    } else if (name === 'event') state.type = value;
    else if (name === 'id' && !value.includes('\0')) state.id = value;
    else if (name === 'retry' && /^[0-9]{1,6}$/.test(value)) state.retry = Number(value);
  }

  function push(text: string): StreamEvent[] {
    if (!/[\r\n]/.test(text) && !state.rest.endsWith('\r')) {
      state.waiting.push(text);
      state.waitingSize += text.length;
      return [];
    }
    const events: StreamEvent[] = [];
    const all = state.rest + state.waiting.join('') + text;
    Object.assign(state, { waiting: [], waitingSize: 0 });
    let start = 0;
    for (let at = nextBreak(all, 0); at >= 0; at = nextBreak(all, start)) {
      const line = all.slice(start, at);
      const isPair = all[at] === '\r' && all[at + 1] === '\n';
      start = at + (isPair ? 2 : 1);
      if (line !== '') field(line);
      else {
        if (state.data.length > 0)
          events.push({ data: state.data.join('\n'), type: state.type || 'message' });
        Object.assign(state, { data: [], size: 0, type: '' });
      }
    }
    state.rest = all.slice(start);
    return events;
  }

  return {
    push,
    lastEventId: () => state.id,
    retryMs: () => state.retry,
    held: () => state.rest.length + state.waitingSize + state.size,
  };
}

/** The next line end, leaving a final `\r` for later because a `\n` may follow it. */
function nextBreak(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) return at;
    if (code === 0x0d) return at + 1 < text.length ? at : -1;
  }
  return -1;
}
