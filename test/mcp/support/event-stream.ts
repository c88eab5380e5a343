/** A response that goes on, read message by message. */
export interface EventStream {
  readonly status: number;
  /** The first message not read before for which `wanted` holds; rejects when the stream ends first. */
  next(wanted?: (message: any) => boolean): Promise<any>;
  /** Resolves when the stream has ended, however that came about. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** The JSON-RPC messages of a whole event stream. */
export function messagesOf(text: string): any[] {
  return text
    .split('\n\n')
    .flatMap((event) => event.split('\n').filter((line) => line.startsWith('data: ')))
    .map((line) => JSON.parse(line.slice('data: '.length)));
}

export function eventStream(response: Response): EventStream {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const waiting = new Set<() => void>();
  const state = { text: '', messages: [] as any[], isOver: false };
  const wake = (): void => {
    for (const one of waiting) one();
  };

  async function pump(): Promise<void> {
    if (reader === undefined) return;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      state.text += decoder.decode(value, { stream: true });
      const end = state.text.lastIndexOf('\n\n') + 2;
      if (end < 2) continue;
      state.messages.push(...messagesOf(state.text.slice(0, end)));
      state.text = state.text.slice(end);
      wake();
    }
  }

  // A stream that is cut rejects its reader; for a test it has ended all the same.
  const ended = pump().then(
    () => undefined,
    () => undefined,
  );
  void ended.then(() => {
    state.isOver = true;
    wake();
  });

  return {
    status: response.status,
    ended,
    next: (wanted = () => true) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const at = state.messages.findIndex(wanted);
          if (at < 0 && !state.isOver) return;
          waiting.delete(look);
          if (at < 0) reject(new Error('the stream ended before the message came'));
          else resolve(state.messages.splice(0, at + 1).at(-1));
        };
        waiting.add(look);
        look();
      }),
    async close() {
      await reader?.cancel().catch(() => undefined);
      await ended;
    },
  };
}
