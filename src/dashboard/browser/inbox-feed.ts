import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { systemStopwatch } from '../../core/clock.ts';
import type { Approval } from '../../sdk/approval.ts';
import type { ApprovalFilter } from '../../sdk/approvals.ts';
import { addPage, EMPTY_INBOX, type Inbox, updateInbox } from './model/inbox.ts';
import type { Shell } from './shell.ts';

const PAGE = 200;
const IDS_MAX = 100;
/** More than anybody reads; what lies beyond is found by deciding, or by a search of the history. */
const MOST = 20_000;
const RISKS = ['critical', 'high', 'medium', 'low'] as const;
/** A pass over everything that took long is followed by a pause of as many times its length. */
const PAUSE_FACTOR = 3;

/** Keeps the inbox as the gateway has it. */
export interface InboxFeed {
  readonly inbox: Signal<Inbox>;
  /** `loading` until the first pass over everything has ended. */
  readonly state: ReadonlySignal<'loading' | 'complete' | 'cut'>;
  readonly problem: ReadonlySignal<string | undefined>;
  /** Something was shown, or it is known that there is nothing. */
  readonly started: ReadonlySignal<boolean>;
  /** Reads everything again. */
  reload(): void;
  /** The approval may have changed; with undefined, any may have. */
  changed(id: string | undefined): void;
  stop(): void;
}

export function createInboxFeed(shell: Shell): InboxFeed {
  const { approvals } = shell.api.client;
  const inbox = signal<Inbox>(EMPTY_INBOX);
  const state = signal<'loading' | 'complete' | 'cut'>('loading');
  const problem = signal<string | undefined>(undefined);
  const started = signal(false);
  const asked = new Set<string>();
  /** Seen to wait no longer; a page that was read before must not bring them back. */
  const settled = new Set<string>();
  const running = { pass: false, again: false, asking: false, stopped: false, timer: 0 };

  const failed = (error: unknown) => {
    problem.value = shell.failed(error);
  };

  async function* pages(filter: ApprovalFilter): AsyncGenerator<readonly Approval[]> {
    let cursor: string | undefined;
    do {
      const page = await approvals.list({
        state: 'pending',
        order: 'oldest',
        limit: PAGE,
        ...filter,
        cursor,
      });
      yield page.data;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && !running.stopped);
  }

  /** All that waits: in one page where that holds it, else the most dangerous first. */
  async function* everything(): AsyncGenerator<readonly Approval[]> {
    const all = await approvals.list({ state: 'pending', order: 'oldest', limit: PAGE });
    if (!all.hasMore) return yield all.data;
    for (const risk of RISKS) yield* pages({ risk });
  }

  async function pass(): Promise<void> {
    const known = [...inbox.value.rows.keys(), ...inbox.value.fresh.keys()];
    const found = new Set<string>();
    const isFirst = state.value === 'loading';
    let cut = false;
    for await (const page of everything()) {
      if (running.stopped) return;
      const waiting = page.filter(({ id }) => !settled.has(id));
      for (const { id } of waiting) found.add(id);
      inbox.value = isFirst
        ? addPage(inbox.value, waiting)
        : updateInbox(inbox.value, { asked: [], found: waiting });
      if (inbox.value.items.length > 0) started.value = true;
      cut = found.size >= MOST;
      if (cut) break;
    }
    const missed = cut ? [] : known.filter((id) => !found.has(id));
    if (missed.length > 0) inbox.value = updateInbox(inbox.value, { asked: missed, found: [] });
    state.value = cut ? 'cut' : 'complete';
    problem.value = undefined;
  }

  function reload(): void {
    running.again = true;
    if (running.pass || running.stopped) return;
    running.pass = true;
    running.again = false;
    settled.clear();
    const began = systemStopwatch();
    void pass()
      .catch(failed)
      .then(() => {
        started.value = true;
        void ask();
        const tookMs = systemStopwatch() - began;
        running.timer = window.setTimeout(() => {
          running.pass = false;
          if (running.again) reload();
          void ask();
        }, tookMs * PAUSE_FACTOR);
      });
  }

  async function ask(): Promise<void> {
    // The first pass puts what it finds in order; what it does not find comes after it.
    if (running.asking || (running.pass && state.value === 'loading')) return;
    running.asking = true;
    try {
      while (asked.size > 0 && !running.stopped) {
        const ids = [...asked].slice(0, IDS_MAX);
        for (const id of ids) asked.delete(id);
        const { data: found } = await approvals.list({ ids, limit: IDS_MAX });
        const pending = new Set(found.flatMap(({ id, state }) => (state === 'pending' ? [id] : [])));
        for (const id of ids) if (!pending.has(id)) settled.add(id);
        inbox.value = updateInbox(inbox.value, { asked: ids, found });
      }
    } catch (error) {
      failed(error);
    }
    running.asking = false;
  }

  return {
    inbox,
    state,
    problem,
    started,
    reload,
    changed(id) {
      if (id === undefined) return reload();
      asked.add(id);
      void ask();
    },
    stop() {
      running.stopped = true;
      window.clearTimeout(running.timer);
    },
  };
}
