export interface Event {
  readonly id: string;
  readonly event: string | undefined;
  readonly data: any;
}

/** A server-sent event stream that is read one block at a time. */
export interface Events {
  readonly status: number;
  /** The next block that is no comment; undefined once the stream has ended. */
  next(): Promise<Event | undefined>;
  /** The next `count` blocks. */
  take(count: number): Promise<Event[]>;
  /** Cuts the connection, as a client that goes away. */
  cut(): void;
}

function parse(block: string): Event {
  const fields = new Map(
    block.split('\n').map((line) => {
      const colon = line.indexOf(': ');
      return [line.slice(0, colon), line.slice(colon + 2)] as const;
    }),
  );
  const data = fields.get('data');
  return {
    id: fields.get('id') ?? '',
    event: fields.get('event'),
    data: data === undefined ? undefined : JSON.parse(data),
  };
}

export async function openEvents(url: string, headers: Record<string, string>): Promise<Events> {
  const cut = new AbortController();
  const response = await fetch(url, { headers, signal: cut.signal });
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';

  async function next(): Promise<Event | undefined> {
    for (;;) {
      const end = rest.indexOf('\n\n');
      if (end >= 0) {
        const block = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (!block.startsWith(':')) return parse(block);
        continue;
      }
      const chunk = await reader?.read();
      if (chunk === undefined || chunk.done) return undefined;
      rest += decoder.decode(chunk.value, { stream: true });
    }
  }

  return {
    status: response.status,
    next,
    async take(count) {
      const events: Event[] = [];
      while (events.length < count) {
        const event = await next();
        if (event === undefined)
          throw new Error(`the stream ended after ${events.length} of ${count} events`);
        events.push(event);
      }
      return events;
    },
    cut: () => cut.abort(),
  };
}
