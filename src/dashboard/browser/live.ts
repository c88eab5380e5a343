import { type ReadonlySignal, signal } from '@preact/signals';

const POLL_MS = 5_000;
const REOPEN_MS = 5_000;
/** Events come in bursts; the lists are fetched once for each. */
const GATHER_MS = 150;

export type LiveState = 'connecting' | 'live' | 'reconnecting';

/** Tells listeners that approvals may have changed: by the event stream, and by polling while there is none. */
export interface Live {
  readonly state: ReadonlySignal<LiveState>;
  /** `approval` is undefined when anything may have changed. Returns how to stop listening. */
  listen(listener: (approval: string | undefined) => void): () => void;
  start(): void;
  stop(): void;
}

function approvalOf(data: string): string | undefined {
  const entry = JSON.parse(data) as { ref?: { approval?: string } };
  return entry.ref?.approval;
}

export function createLive(): Live {
  const state = signal<LiveState>('connecting');
  const listeners = new Set<(approval: string | undefined) => void>();
  const running: { source?: EventSource; poll?: number; gather?: number; reopen?: number } = {};
  const changed = new Set<string | undefined>();

  function tell(approval: string | undefined): void {
    changed.add(approval);
    running.gather ??= window.setTimeout(() => {
      delete running.gather;
      const all = changed.has(undefined) ? [undefined] : [...changed];
      changed.clear();
      for (const listener of listeners) for (const one of all) listener(one);
    }, GATHER_MS);
  }

  function open(): void {
    const source = new EventSource('/v1/logs/stream?type=approval.*');
    running.source = source;
    source.addEventListener('open', () => {
      state.value = 'live';
      tell(undefined);
    });
    source.addEventListener('entry', (event) => tell(approvalOf((event as MessageEvent<string>).data)));
    source.addEventListener('error', () => {
      state.value = 'reconnecting';
      // The browser reconnects by itself after a cut, but not after an answer that is no stream.
      if (source.readyState === EventSource.CLOSED) running.reopen = window.setTimeout(open, REOPEN_MS);
    });
  }

  return {
    state,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      if (running.source !== undefined) return;
      state.value = 'connecting';
      open();
      running.poll = window.setInterval(() => {
        if (state.value !== 'live') tell(undefined);
      }, POLL_MS);
    },
    stop() {
      running.source?.close();
      window.clearInterval(running.poll);
      window.clearTimeout(running.gather);
      window.clearTimeout(running.reopen);
      for (const key of Object.keys(running)) delete running[key as keyof typeof running];
    },
  };
}
