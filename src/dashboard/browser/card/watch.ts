import type { Stopwatch } from '../../../core/clock.ts';
import { escapeText } from '../model/escape.ts';
import { drawCountdown, drawLine, drawStatus } from './draw.ts';
import type { Host } from './host.ts';
import { type Status, statusOf } from './status.ts';

const ASK_EVERY_MS = 2_000;
const ASK_AGAIN_MOST_MS = 30_000;
const FAILURES_MOST = 20;
const TICK_MS = 1_000;

/** Follows one approval until it is settled, and shows how it stands. */
export interface Watch {
  follow(approvalId: string): void;
  isFollowing(): boolean;
  stop(): void;
}

interface Followed {
  readonly id: string;
  readonly ended: AbortController;
  status: Status | undefined;
  /** When the time to decide ends, by this page's clock. */
  endsAt: number;
  /** Why what is shown may be out of date. */
  trouble: string | undefined;
  /** Why the page was not opened. */
  refusal: string | undefined;
  failures: number;
  drawn: string;
}

/** `onSettled` is called once for each approval that is seen to end. */
export function createWatch(
  root: HTMLElement,
  deps: { host: Host; now: Stopwatch; opensLinks: () => boolean; onSettled: (status: Status) => void },
): Watch {
  const { host } = deps;
  const current: { followed: Followed | undefined } = { followed: undefined };

  function draw(followed: Followed): void {
    const { status, trouble = followed.refusal } = followed;
    if (status === undefined) {
      drawLine(root, trouble ?? 'Asking the gateway how the approval stands.');
      return;
    }
    const leftMs = followed.endsAt - deps.now();
    const now = JSON.stringify([{ ...status, expiresInMs: 0 }, trouble]);
    // Drawn anew only when something else is to be said, so that nobody loses the button under their finger.
    if (now === followed.drawn) drawCountdown(root, leftMs);
    else drawStatus(root, status, { leftMs, trouble, openPage: opener(followed, status) });
    followed.drawn = now;
  }

  function opener(followed: Followed, { approveUrl }: Status): (() => void) | undefined {
    if (!deps.opensLinks()) return undefined;
    const refused = (): void => {
      followed.refusal = 'The page was not opened. Copy its address into a browser.';
      draw(followed);
    };
    return () => {
      host
        .request('ui/open-link', { url: approveUrl })
        .then(({ isError }) => {
          if (isError === true) refused();
        })
        .catch(refused);
    };
  }

  async function ask(followed: Followed): Promise<void> {
    const params = { name: 'approval_status', arguments: { approval_id: followed.id } };
    try {
      const status = statusOf(await host.request('tools/call', params));
      if (status?.approvalId !== followed.id) throw new Error('it gave no state');
      followed.status = status;
      followed.endsAt = deps.now() + status.expiresInMs;
      followed.trouble = undefined;
      followed.failures = 0;
    } catch (error) {
      const why = error instanceof Error ? escapeText(error.message, true) : 'no answer came';
      const shown = followed.status === undefined ? '' : ' What is shown here may be out of date.';
      followed.trouble = `The gateway does not say how the approval stands (${why}).${shown}`;
      followed.failures += 1;
    }
  }

  function pauseMs({ failures, endsAt }: Followed): number {
    if (failures > 0) return Math.min(ASK_EVERY_MS * 2 ** failures, ASK_AGAIN_MOST_MS);
    const leftMs = endsAt - deps.now();
    return leftMs > 0 ? Math.min(ASK_EVERY_MS, leftMs) : ASK_EVERY_MS;
  }

  async function run(followed: Followed): Promise<void> {
    const { signal } = followed.ended;
    const ticking = setInterval(() => draw(followed), TICK_MS);
    signal.addEventListener('abort', () => clearInterval(ticking));
    for (;;) {
      await ask(followed);
      if (signal.aborted) return;
      draw(followed);
      if (followed.status?.settled === true || followed.failures >= FAILURES_MOST) break;
      await new Promise((resolve) => setTimeout(resolve, pauseMs(followed)));
      if (signal.aborted) return;
    }
    followed.ended.abort();
    if (followed.status?.settled === true) deps.onSettled(followed.status);
  }

  const stop = (): void => current.followed?.ended.abort();
  return {
    follow(id) {
      if (current.followed?.id === id) return;
      stop();
      const followed: Followed = {
        id,
        ended: new AbortController(),
        status: undefined,
        endsAt: 0,
        trouble: undefined,
        refusal: undefined,
        failures: 0,
        drawn: '',
      };
      current.followed = followed;
      draw(followed);
      void run(followed);
    },
    isFollowing: () => current.followed !== undefined,
    stop,
  };
}
