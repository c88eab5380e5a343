import { useEffect, useRef } from 'preact/hooks';
import { type Inbox, waitingIds } from './model/inbox.ts';
import { newsWords } from './model/inbox-words.ts';
import type { Shell } from './shell.ts';

const NEWS = { about: 'inbox' };
/** However fast calls come, a reader hears of them no more often. */
const REST_MS = 5_000;

/** Tells a reader which calls have come since it was last told, gathered, and without touching the focus. */
export function useNewsTold(shell: Shell, inbox: Inbox, isComplete: boolean): void {
  const known = useRef<ReadonlySet<string> | undefined>(undefined);
  const timer = useRef<number | undefined>(undefined);
  const latest = useRef(inbox);
  latest.current = inbox;
  useEffect(() => () => window.clearTimeout(timer.current), []);

  const tell = () => {
    timer.current = undefined;
    const waiting = waitingIds(latest.current);
    const came = [...waiting.keys()].filter((id) => known.current?.has(id) === false);
    known.current = new Set([...(known.current ?? []), ...waiting.keys()]);
    if (came.length === 0) return;
    const risks = came.map((id) => waiting.get(id) ?? '');
    shell.announcer.say(newsWords({ risks, waiting: waiting.size }), NEWS);
    timer.current = window.setTimeout(tell, REST_MS);
  };
  useEffect(() => {
    if (!isComplete) return;
    if (known.current === undefined) known.current = new Set(waitingIds(inbox).keys());
    else if (timer.current === undefined) tell();
  }, [inbox, isComplete]);
}
