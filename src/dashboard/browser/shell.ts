import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { ComponentChild } from 'preact';
import { systemClock } from '../../core/clock.ts';
import { type Announcer, createAnnouncer } from './announce.ts';
import { type Api, createApi, explain, isSignedOut, type Me } from './api.ts';
import { followWorker } from './follow-worker.ts';
import { createInstall, type InstallOffer } from './install.ts';
import { createLive, type Live } from './live.ts';
import type { Preferences } from './model/preferences.ts';
import { type Route, readRoute } from './model/route.ts';
import { createPreferences } from './preferences.ts';
import { quitDevice } from './quit-device.ts';

/** What every screen is given: the API, the address, who is signed in, the time, and live changes. */
export interface Shell {
  readonly api: Api;
  readonly live: Live;
  readonly preferences: Signal<Preferences>;
  /** Undefined while the browser offers no installing. */
  readonly install: ReadonlySignal<InstallOffer | undefined>;
  readonly announcer: Announcer;
  readonly route: ReadonlySignal<Route>;
  /** `undefined` until it is known, `null` when nobody is signed in. */
  readonly me: Signal<Me | null | undefined>;
  /** The sign-in ended by itself while the page was in use: it expired, or was withdrawn. */
  readonly ended: Signal<boolean>;
  /** Why it could not be found out who is signed in. */
  readonly problem: Signal<string | undefined>;
  /** Milliseconds since the epoch, once a second. */
  readonly now: ReadonlySignal<number>;
  go(path: string, options?: { replace?: boolean }): void;
  /** Asks who is signed in, and starts or stops the live changes accordingly. */
  identify(): Promise<void>;
  /** To be given every error of a request: finds out that the session has ended, and puts the rest into words. */
  failed(error: unknown): string;
}

/** What every section is given; `id` is what follows its address. */
export interface ScreenProps {
  readonly shell: Shell;
  readonly me: Me;
  readonly id: string | undefined;
}

export type ScreenView = (props: ScreenProps) => ComponentChild;

export function createShell(): Shell {
  const api = createApi();
  const live = createLive();
  const preferences = createPreferences();
  const install = createInstall();
  const announcer = createAnnouncer();
  const route = signal(readRoute(location));
  const me = signal<Me | null | undefined>(undefined);
  const ended = signal(false);
  const problem = signal<string | undefined>(undefined);
  const now = signal(systemClock());
  window.setInterval(() => {
    now.value = systemClock();
  }, 1_000);

  function follow(): void {
    route.value = readRoute(location);
    window.scrollTo(0, 0);
  }
  window.addEventListener('popstate', follow);
  window.addEventListener('hashchange', follow);

  function go(path: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, '', path);
    else history.pushState(null, '', path);
    follow();
  }
  followWorker(go);

  return {
    api,
    live,
    preferences,
    install,
    announcer,
    route,
    me,
    ended,
    problem,
    now,
    go,
    async identify() {
      try {
        me.value = (await api.me()) ?? null;
        problem.value = undefined;
      } catch (error) {
        problem.value = explain(error);
        return;
      }
      if (me.value === null) return live.stop();
      ended.value = false;
      live.start();
      // What a notification says is for its person, who may have left without signing out.
      await quitDevice(api.client.push, me.value.id);
    },
    failed(error) {
      if (isSignedOut(error)) {
        if (me.value) ended.value = true;
        me.value = null;
        live.stop();
      }
      return explain(error);
    },
  };
}
