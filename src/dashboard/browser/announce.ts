import { type ReadonlySignal, signal } from '@preact/signals';

/** What is about one thing, and comes within this time, is said once: as it stands at the end of it. */
const GATHER_MS = 700;
/** Long enough to be taken up by a reader, short enough not to be read again as a part of the page. */
const KEEP_MS = 6_000;

/** What is said at one time; `round` tells the same words apart when they are said twice. */
export interface Said {
  readonly texts: readonly string[];
  readonly round: number;
}

export interface Remark {
  /** A later remark about the same replaces one that was not said yet. */
  readonly about: string;
  /** Said at once, over whatever is being read. */
  readonly urgent?: boolean;
}

/** Speaks to those who do not see the page. What it says while a dialog is open waits until that is closed. */
export interface Announcer {
  readonly polite: ReadonlySignal<Said>;
  readonly urgent: ReadonlySignal<Said>;
  say(text: string, remark: Remark): void;
}

/** What stands behind a modal dialog is hidden from readers, and so would be what is said there. */
const isMuted = (): boolean => document.querySelector('dialog[open]') !== null;

export function createAnnouncer(): Announcer {
  const polite = signal<Said>({ texts: [], round: 0 });
  const urgent = signal<Said>({ texts: [], round: 0 });
  const waiting = { polite: new Map<string, string>(), urgent: new Map<string, string>() };
  const running: { flush?: number; clear?: number } = {};

  function flush(): void {
    delete running.flush;
    if (isMuted()) {
      later();
      return;
    }
    for (const [region, remarks] of [
      [polite, waiting.polite],
      [urgent, waiting.urgent],
    ] as const) {
      if (remarks.size === 0) continue;
      region.value = { texts: [...remarks.values()], round: region.value.round + 1 };
      remarks.clear();
    }
    window.clearTimeout(running.clear);
    running.clear = window.setTimeout(() => {
      for (const region of [polite, urgent]) region.value = { ...region.value, texts: [] };
    }, KEEP_MS);
  }

  function later(): void {
    running.flush ??= window.setTimeout(flush, GATHER_MS);
  }

  return {
    polite,
    urgent,
    say(text, remark) {
      const remarks = remark.urgent === true ? waiting.urgent : waiting.polite;
      remarks.set(remark.about, text);
      if (remark.urgent !== true) return later();
      window.clearTimeout(running.flush);
      flush();
    },
  };
}
