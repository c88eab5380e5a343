import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Shell } from '../shell.ts';
import { Palette } from './palette.tsx';

/** Opens the palette at Ctrl-K (Cmd-K). It is up before the next key can arrive, so that none is taken for the page's. */
export function PaletteKey({ shell }: { shell: Shell }) {
  const open = useSignal(false);
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const asked = event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey);
      if (!asked || event.repeat || event.altKey || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      open.value = true;
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
  if (!open.value) return null;
  return (
    <Palette
      shell={shell}
      close={() => {
        open.value = false;
      }}
    />
  );
}
