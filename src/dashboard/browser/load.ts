import { type ReadonlySignal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Shell } from './shell.ts';
import { takeStreamSlot } from './stream-slot.ts';

/** What a screen has asked for. `value` stays while it is asked for again. */
export interface Loaded<T> {
  readonly value: ReadonlySignal<T | undefined>;
  /** Why the last request failed. */
  readonly problem: ReadonlySignal<string | undefined>;
  readonly again: () => Promise<void>;
}

/**
 * Asks when the screen comes up, and anew when `key` changes; with `key` undefined only when `again` is called. Of answers
 * that overtake each other the newest counts.
 */
export function useLoaded<T>(shell: Shell, key: string | undefined, ask: () => Promise<T>): Loaded<T> {
  const value = useSignal<T | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  const round = useRef(0);
  const latest = useRef(ask);
  latest.current = ask;

  const again = async () => {
    round.current += 1;
    const mine = round.current;
    try {
      const found = await latest.current();
      if (mine !== round.current) return;
      value.value = found;
      problem.value = undefined;
    } catch (error) {
      if (mine === round.current) problem.value = shell.failed(error);
    }
  };
  useEffect(() => {
    if (key !== undefined) void again();
    return () => {
      round.current += 1;
    };
  }, [shell, key]);
  return { value, problem, again };
}

/** Everything of a list, page after page. */
export async function wholeList<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

const GATHER_MS = 300;
const ASK_AGAIN_MS = 5_000;

/** A function that runs `act` once for all the calls that come within a moment; never after the screen has gone. */
export function useGathered(act: () => void): () => void {
  const handle = useRef<number | undefined>(undefined);
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => () => window.clearTimeout(handle.current), []);
  return () => {
    handle.current ??= window.setTimeout(() => {
      handle.current = undefined;
      latest.current();
    }, GATHER_MS);
  };
}

/** Runs `act` again and again, while the page is looked at, until the screen goes. For what no stream tells of. */
export function useRepeated(everyMs: number, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
}

interface Following {
  /** Why nothing comes any more; the stream was given up, after many attempts. */
  readonly stopped: ReadonlySignal<string | undefined>;
  readonly again: () => void;
}

/** Takes each item of a stream until the screen goes, or until `key` changes and the stream begins anew. */
export function useStream<T>(
  shell: Shell,
  key: string,
  stream: { readonly open: (signal: AbortSignal) => AsyncIterable<T>; readonly take: (item: T) => void },
): Following {
  const stopped = useSignal<string | undefined>(undefined);
  const attempt = useSignal(0);
  const latest = useRef(stream);
  latest.current = stream;
  const round = attempt.value;

  useEffect(() => {
    const ending = new AbortController();
    const follow = async () => {
      try {
        for await (const item of latest.current.open(ending.signal)) latest.current.take(item);
      } catch (error) {
        if (!ending.signal.aborted) stopped.value = shell.failed(error);
      }
    };
    void follow();
    return () => ending.abort();
  }, [shell, key, round]);

  const again = () => {
    stopped.value = undefined;
    attempt.value += 1;
  };
  return { stopped, again };
}

/** What a live screen gives: how it loads, and what it follows from there on. */
interface LiveSource<T> {
  /** Loads what the screen shows. It never rejects. */
  readonly load: () => Promise<void>;
  /** What comes after the ledger's entry `after`, of which the load may have seen some already. */
  readonly open: (options: { signal: AbortSignal; after: number }) => AsyncIterable<T>;
  readonly take: (item: T) => void;
}

async function* loadThenFollow<T>(shell: Shell, source: LiveSource<T>, signal: AbortSignal) {
  const head = shell.api.client.logs.query({ limit: 1 }, { signal });
  // What is shown does not depend on whether it can be followed.
  await head.catch(() => source.load());
  const { data } = await head;
  await source.load();
  if (!signal.aborted) yield* source.open({ signal, after: data[0]?.seq ?? -1 });
}

/** Asks again and again while other windows have the connections that are for streams. */
async function* followOrRepeat<T>(shell: Shell, source: LiveSource<T>, signal: AbortSignal) {
  const done = new AbortController();
  const ending = AbortSignal.any([signal, done.signal]);
  try {
    while (!(await takeStreamSlot(ending))) {
      await source.load();
      await new Promise((resolve) => window.setTimeout(resolve, ASK_AGAIN_MS));
      if (signal.aborted) return;
    }
    yield* loadThenFollow(shell, source, signal);
  } finally {
    done.abort();
  }
}

function useVisible(): boolean {
  const visible = useSignal(document.visibilityState === 'visible');
  useEffect(() => {
    const listener = () => {
      visible.value = document.visibilityState === 'visible';
    };
    document.addEventListener('visibilitychange', listener);
    return () => document.removeEventListener('visibilitychange', listener);
  }, []);
  return visible.value;
}

async function* nothing(): AsyncGenerator<never, void> {}

/**
 * Loads a screen and follows what changes it, without a gap between the two, until the screen goes; anew when `key`
 * changes. A page in the background follows nothing, and one among many windows may have to ask again and again instead
 * (`takeStreamSlot`); when a page is looked at again it loads again.
 */
export function useLive<T>(shell: Shell, key: string, source: LiveSource<T>): Following {
  const visible = useVisible();
  return useStream(shell, `${visible} ${key}`, {
    open: (signal) => (visible ? followOrRepeat(shell, source, signal) : nothing()),
    take: source.take,
  });
}
