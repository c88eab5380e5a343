import { useEffect, useRef } from 'preact/hooks';
import { SECTIONS } from '../model/sections.ts';

const KEYS = [
  ['j, k', 'next, previous'],
  ['Enter', 'open'],
  ['a', 'approve (in an opened call, then passkey)'],
  ['d', 'deny with a reason (in an opened call)'],
  ['x', 'pick, to decide several calls together; in a group, its first 50'],
  ['b', 'decide what was picked together'],
  ['/', 'search'],
  ['Ctrl-K', 'find anything that can be done'],
  ...SECTIONS.map(({ key, label }) => [`g ${key}`, label.toLowerCase()] as const),
  ['Esc', 'back'],
  ['?', 'this help'],
] as const;

/** The list of keys, in a modal dialog that Escape closes. */
export function KeyHelp({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="key-help-title">
      <h2 id="key-help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
