/** What a key does; `g i` is two keys in a row. */
export type KeyTable = Readonly<Record<string, (event: KeyboardEvent) => void>>;

const CHORD_MS = 1_000;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select, [contenteditable]') !== null;
}

/** Enter on a button or link is that control's own, except on the lines of a list, which the table handles. */
function isPressing(event: KeyboardEvent): boolean {
  const { target } = event;
  if (event.key !== 'Enter' || !(target instanceof Element)) return false;
  return target.closest('a, button, summary') !== null && target.closest('.rows [id^="row-"]') === null;
}

/**
 * Runs the table's actions. Keys that are held down, combined with Ctrl, Alt or Meta, typed into a field, or pressed
 * while a dialog is open do nothing. Returns how to stop.
 */
export function onKeys(table: KeyTable): () => void {
  const before = { key: '', at: 0 };
  const listener = (event: KeyboardEvent): void => {
    const modified = event.ctrlKey || event.altKey || event.metaKey;
    const dialog = document.querySelector('dialog[open]') !== null;
    if (event.repeat || modified || event.defaultPrevented || dialog) return;
    if (isTyping(event.target) || isPressing(event)) return;
    // After `g` a key has no meaning of its own: several tables listen, and `b` of one is not the end of `g b` of another.
    const isSecond = before.key === 'g' && event.timeStamp - before.at < CHORD_MS;
    before.key = isSecond ? '' : event.key;
    before.at = event.timeStamp;
    const action = table[isSecond ? `g ${event.key}` : event.key];
    if (action === undefined) return;
    event.preventDefault();
    action(event);
  };
  window.addEventListener('keydown', listener);
  return () => window.removeEventListener('keydown', listener);
}
