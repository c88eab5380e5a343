import { readGo, WORKER_PATH } from './model/push-message.ts';

/** What only its own button leaves: a secret that is shown once would be lost with it. */
const STAYING = 'dialog[open][data-stays="true"]';

/**
 * Goes where the site's own service worker asks to, after somebody has pressed a notification, and answers it. It stays
 * where something is shown that does not come again; the call then waits in the inbox.
 */
export function followWorker(go: (path: string) => void): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ source, data, ports }) => {
    const isWorker =
      source instanceof ServiceWorker && source.scriptURL === `${location.origin}${WORKER_PATH}`;
    const path = isWorker ? readGo(data) : undefined;
    if (path === undefined) return;
    const stays = document.querySelector(STAYING) !== null;
    if (!stays && path !== location.pathname) go(path);
    ports[0]?.postMessage(stays ? 'staying' : 'going');
  });
}
