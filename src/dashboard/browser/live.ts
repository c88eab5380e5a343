import { type ReadonlySignal, signal } from '@preact/signals';
import { systemStopwatch } from '../../core/clock.ts';
import { takeStreamSlot } from './stream-slot.ts';

const POLL_MS = 5_000;
/** A page in the background asks seldom: all that changes there is the number in its title. */
const POLL_HIDDEN_MS = 60_000;
const REOPEN_MS = 5_000;
/** Events come in bursts; the lists are fetched once for each. */
const GATHER_MS = 150;

/** `polling` where there is no connection to spare for one more window, or nobody looks. */
export type LiveState = 'connecting' | 'live' | 'polling' | 'reconnecting';

/**
 * Tells listeners that approvals may have changed: by the event stream, and by polling while there is none, as in a window
 * that nobody sees.
 */
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
  const running: {
    ending?: AbortController;
    poll?: number;
    gather?: number;
    reopen?: number;
    toldAt?: number;
  } = {};
  const changed = new Set<string | undefined>();

  function tell(approval: string | undefined): void {
    changed.add(approval);
    running.toldAt = systemStopwatch();
    running.gather ??= window.setTimeout(() => {
      delete running.gather;
      const all = changed.has(undefined) ? [undefined] : [...changed];
      changed.clear();
      for (const listener of listeners) for (const one of all) listener(one);
    }, GATHER_MS);
  }

  function close(): void {
    running.ending?.abort();
    delete running.ending;
    window.clearTimeout(running.reopen);
  }

  async function open(): Promise<void> {
    close();
    const ending = new AbortController();
    running.ending = ending;
    const isFree = !document.hidden && (await takeStreamSlot(ending.signal));
    if (ending.signal.aborted) return;
    if (isFree) return follow(ending);
    delete running.ending;
    state.value = 'polling';
  }

  function follow(ending: AbortController): void {
    const source = new EventSource('/v1/logs/stream?type=approval.*');
    ending.signal.addEventListener('abort', () => source.close());
    source.addEventListener('open', () => {
      state.value = 'live';
      tell(undefined);
    });
    source.addEventListener('entry', (event) => tell(approvalOf((event as MessageEvent<string>).data)));
    source.addEventListener('error', () => {
      state.value = 'reconnecting';
      // The browser reconnects by itself after a cut, but not after an answer that is no stream.
      if (source.readyState !== EventSource.CLOSED) return;
      ending.abort();
      running.reopen = window.setTimeout(() => void open(), REOPEN_MS);
    });
  }

  function poll(): void {
    if (state.value === 'live') return;
    const everyMs = document.hidden ? POLL_HIDDEN_MS : POLL_MS;
    if (systemStopwatch() - (running.toldAt ?? 0) >= everyMs) tell(undefined);
    // A stream that is being opened may take longer than this over a slow network, and is not begun anew.
    if (running.ending === undefined && state.value === 'polling' && !document.hidden) void open();
  }

  function looked(): void {
    if (document.hidden) {
      close();
      state.value = 'polling';
    } else void open();
  }

  return {
    state,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start() {
      if (running.poll !== undefined) return;
      state.value = 'connecting';
      void open();
      running.poll = window.setInterval(poll, POLL_MS);
      document.addEventListener('visibilitychange', looked);
    },
    stop() {
      close();
      document.removeEventListener('visibilitychange', looked);
      window.clearInterval(running.poll);
      window.clearTimeout(running.gather);
      for (const key of Object.keys(running)) delete running[key as keyof typeof running];
    },
  };
}
