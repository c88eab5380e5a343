import { SECTIONS } from '../model/sections.ts';
import { Dialog, Leave } from './dialog.tsx';

const KEYS = [
  ['j, k', 'next, previous'],
  ['n', 'show the calls that have come in the meantime'],
  ['Enter', 'open'],
  ['a', 'approve (in an opened call, then passkey)'],
  ['d', 'deny with a reason (in an opened call)'],
  ['v', 'reveal what policy hides (in an opened call)'],
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
  return (
    <Dialog title="Keys" close={close}>
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
      <Leave>Close</Leave>
    </Dialog>
  );
}
