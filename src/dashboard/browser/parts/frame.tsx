import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { Me } from '../api.ts';
import { onKeys } from '../keys.ts';
import { SECTIONS } from '../model/sections.ts';
import type { Shell } from '../shell.ts';
import { KeyHelp } from './key-help.tsx';
import { PaletteKey } from './palette-key.tsx';
import { TextOf } from './text-of.tsx';

const STATES = { connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…' } as const;

function followLinks(shell: Shell, event: MouseEvent): void {
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!plain || link === null || link.origin !== location.origin || link.target !== '' || link.hash !== '')
    return;
  event.preventDefault();
  shell.go(link.pathname + link.search);
}

/** The page around every screen of a signed-in person. */
export function Frame({ shell, me, children }: { shell: Shell; me: Me; children: ComponentChildren }) {
  const help = useSignal(false);
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
    const listener = (event: MouseEvent) => followLinks(shell, event);
    document.addEventListener('click', listener);
    return () => document.removeEventListener('click', listener);
  }, [shell]);
  useEffect(() => {
    // On a narrow screen the menu scrolls sideways.
    const show = () =>
      document.querySelector('nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    show();
    window.addEventListener('resize', show);
    return () => window.removeEventListener('resize', show);
  }, [shell.route.value]);
  const signOut = async () => {
    try {
      await shell.api.client.person.signOut();
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
      <header class="bar">
        <a class="brand" href="/">
          Countersign
        </a>
        <nav aria-label="Main">
          {SECTIONS.map(({ name, path, label }) => (
            <a key={name} href={path} aria-current={current === name ? 'page' : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <span class={`live ${state}`} role="status">
          {STATES[state]}
        </span>
        <span class="who">
          <TextOf text={me.name} />
        </span>
        <button type="button" class="quiet" onClick={() => signOut()}>
          Sign out
        </button>
      </header>
      <main>{children}</main>
      <PaletteKey shell={shell} />
      {help.value && <KeyHelp close={() => (help.value = false)} />}
    </>
  );
}
