import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Me } from '../api.ts';
import { onKeys } from '../keys.ts';
import type { LiveState } from '../live.ts';
import { SECTIONS } from '../model/sections.ts';
import { quitDevice } from '../quit-device.ts';
import type { Shell } from '../shell.ts';
import { KeyHelp } from './key-help.tsx';
import { PaletteKey } from './palette-key.tsx';
import { TextOf } from './text-of.tsx';

const STATES: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  polling: 'Every few seconds',
  reconnecting: 'Reconnecting…',
};

const CONNECTION = { about: 'connection' };

/** Tells a reader once that the connection is lost, and once that it is back. */
function useConnectionTold({ live, announcer }: Shell): void {
  const state = live.state.value;
  const lost = useRef(false);
  useEffect(() => {
    if (state === 'reconnecting' && !lost.current) {
      lost.current = true;
      announcer.say('The connection to the gateway is lost. The page tries again by itself.', CONNECTION);
    } else if ((state === 'live' || state === 'polling') && lost.current) {
      lost.current = false;
      announcer.say('The connection to the gateway is back.', CONNECTION);
    }
  }, [state]);
}

/** Follows links within the page; the one past the menu leads to `main`. */
function followLinks(shell: Shell, event: MouseEvent, main: HTMLElement | null): void {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!plain || link === null || link.origin !== location.origin || link.target !== '') return;
  const isPast = link.getAttribute('href') === '#main';
  if (link.hash !== '' && !isPast) return;
  event.preventDefault();
  if (isPast) main?.focus();
  else shell.go(link.pathname + link.search);
}

/** The page around every screen of a signed-in person. */
export function Frame({ shell, me, children }: { shell: Shell; me: Me; children: ComponentChildren }) {
  const help = useSignal(false);
  const main = useRef<HTMLElement>(null);
  const nav = useRef<HTMLElement>(null);
  useConnectionTold(shell);
  useEffect(
    () =>
      onKeys({
        '?': () => {
          help.value = !help.value;
        },
        ...Object.fromEntries(SECTIONS.map(({ key, path }) => [`g ${key}`, () => shell.go(path)])),
      }),
    [shell, help],
  );
  useEffect(() => {
    const listener = (event: MouseEvent) => followLinks(shell, event, main.current);
    document.addEventListener('click', listener);
    return () => document.removeEventListener('click', listener);
  }, [shell]);
  useEffect(() => {
    // On a narrow screen the menu scrolls sideways. Not by scrollIntoView: the Tab key would then begin there.
    const show = () => {
      const [menu, current] = [nav.current, nav.current?.querySelector('[aria-current]')];
      if (!menu || !current) return;
      const [around, inner] = [menu.getBoundingClientRect(), current.getBoundingClientRect()];
      menu.scrollBy(inner.left - around.left - (around.width - inner.width) / 2, 0);
    };
    show();
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [shell.route.value]);
  const signOut = async () => {
    const { person, push } = shell.api.client;
    // Somebody else may sit here next.
    await quitDevice(push);
    try {
      await person.signOut();
    } catch (error) {
      shell.failed(error);
    }
    await shell.identify();
  };
  const route = shell.route.value;
  const current = route.name === 'section' ? route.section : undefined;
  const state = shell.live.state.value;
  return (
    <>
      <a class="skip" href="#main">
        Skip to what is shown
      </a>
      <header class="bar">
        <a class="brand" href="/">
          Countersign
        </a>
        <nav ref={nav} aria-label="Main">
          {SECTIONS.map(({ name, path, label }) => (
            <a key={name} href={path} aria-current={current === name ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <span class={`live ${state}`}>{STATES[state]}</span>
        <span class="who">
          <TextOf text={me.name} />
        </span>
        <button type="button" class="quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <PaletteKey shell={shell} />
      {help.value && <KeyHelp close={() => (help.value = false)} />}
    </>
  );
}
