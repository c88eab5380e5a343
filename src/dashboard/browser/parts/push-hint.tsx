import { keptDevice } from '../kept-device.ts';
import type { Shell } from '../shell.ts';

const CARD = '/settings#notifications';

function canHavePush(): boolean {
  const isSupported = isSecureContext && 'serviceWorker' in navigator && 'PushManager' in window;
  return isSupported && Notification.permission !== 'denied' && keptDevice() === undefined;
}

/** Says once that this browser could tell of calls by itself; nothing where it does already, or cannot. */
export function PushHint({ shell: { preferences, go } }: { shell: Shell }) {
  if (!preferences.value.pushHint || !canHavePush()) return null;
  const dismiss = () => {
    preferences.value = { ...preferences.value, pushHint: false };
  };
  const open = (event: MouseEvent) => {
    event.preventDefault();
    go(CARD);
  };
  return (
    <p>
      <a href={CARD} onClick={open}>
        Have this device notify you
      </a>{' '}
      when a call waits, also while this page is closed.{' '}
      <button type="button" class="quiet" onClick={dismiss}>
        Do not show this again
      </button>
    </p>
  );
}
