/** Where the browser finds the service worker; it never changes, so that a browser finds its next version there too. */
export const WORKER_PATH = '/worker.js';

/** What asks a window of the page to show another address. */
export const GO = 'countersign/go';

/** What a notification may open: the inbox, and one call. */
const TARGET = /^\/(?:approvals\/apr_[A-Za-z0-9]+)?$/;

/** The path that may be opened, whatever was asked for: the inbox in place of everything else. */
export function targetOf(asked: unknown): string {
  return typeof asked === 'string' && TARGET.test(asked) ? asked : '/';
}

/** Where a message asks a window to go; undefined when it asks for something else. */
export function readGo(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, path } = message as Readonly<Record<string, unknown>>;
  return type === GO ? targetOf(path) : undefined;
}

/** What a push message shows. */
export interface PushNotice {
  readonly title: string;
  readonly body: string;
  /** A notification replaces the one with the same tag. Never empty. */
  readonly tag: string;
  /** What it opens. */
  readonly path: string;
  /** It stays until somebody has looked at it. */
  readonly stays: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number | undefined;
}

const UNREADABLE: PushNotice = {
  title: 'Countersign',
  body: 'A message came that this browser could not read. Something may be waiting for a decision: look into the inbox.',
  tag: 'unreadable',
  path: '/',
  stays: false,
  at: undefined,
};

/** What is said when the browser has ended the registration and it could not be made anew. */
export const STOPPED: PushNotice = {
  ...UNREADABLE,
  body: 'Notifications have stopped on this device. Turn them on again under Settings.',
  tag: 'stopped',
};

const LONGEST = 3_000;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, LONGEST) : undefined;
}

/** What a message says, as far as it can be read; a browser wants every message shown, so there is always something. */
export function noticeOf(message: unknown): PushNotice {
  if (typeof message !== 'object' || message === null) return UNREADABLE;
  const { v, title, body, tag, url, risk, at } = message as Readonly<Record<string, unknown>>;
  const [head, text, name] = [textOf(title), textOf(body), textOf(tag)];
  if (v !== 1 || head === undefined || text === undefined || name === undefined) return UNREADABLE;
  return {
    title: head,
    body: text,
    tag: name,
    path: targetOf(url),
    stays: risk === 'high' || risk === 'critical',
    at: typeof at === 'number' && Number.isFinite(at) ? at : undefined,
  };
}

interface WindowLike {
  readonly url: string;
  readonly focused: boolean;
  readonly visibilityState: string;
}

/** Nobody is taken away from these, in the middle of something that does not come again. */
const UNDISTURBED = /^\/(?:authorize|enrol)$/;

/**
 * The window that is to show a path: one that shows it already, else the one that is looked at, else any; undefined
 * when a new one is needed.
 */
export function windowFor<W extends WindowLike>(windows: readonly W[], path: string): W | undefined {
  const free = windows.filter(({ url }) => !UNDISTURBED.test(new URL(url).pathname));
  return (
    free.find(({ url }) => new URL(url).pathname === path) ??
    free.find(({ focused }) => focused) ??
    free.find(({ visibilityState }) => visibilityState === 'visible') ??
    free[0]
  );
}
