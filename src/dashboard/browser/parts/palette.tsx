import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type Command, commandsFor } from '../model/commands.ts';
import type { Shell } from '../shell.ts';

/** Everything that keys can do, found by typing. A modal that Escape leaves. */
export function Palette({ shell, close }: { shell: Shell; close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const text = useSignal('');
  useLayoutEffect(() => dialog.current?.showModal(), []);

  const commands = commandsFor(text.value);
  const run = (command: Command | undefined) => {
    if (command === undefined) return;
    dialog.current?.close();
    if (command.kind === 'go') return shell.go(command.path);
    window.dispatchEvent(new KeyboardEvent('keydown', { key: command.key, cancelable: true }));
  };
  /** Moves the focus over the field and the buttons below it; the first of these is what Enter in the field runs. */
  const onArrow = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || event.isComposing) return;
    event.preventDefault();
    const stops = [...(dialog.current?.querySelectorAll<HTMLElement>('input, button') ?? [])];
    const at = stops.indexOf(document.activeElement as HTMLElement);
    stops[Math.min(Math.max(at + by, 0), stops.length - 1)]?.focus();
  };
  return (
    <dialog ref={dialog} class="palette" onClose={close} onKeyDown={onArrow} aria-label="Commands">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          run(commands[0]);
        }}
      >
        <label>
          <span class="visually-hidden">What to do</span>
          <input
            placeholder="Go, act, or search"
            autocomplete="off"
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
          />
        </label>
      </form>
      <ul aria-label="What fits">
        {commands.map((command) => (
          <li key={command.label}>
            <button type="button" onClick={() => run(command)}>
              {command.label} {command.keys !== '' && <kbd>{command.keys}</kbd>}
            </button>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
