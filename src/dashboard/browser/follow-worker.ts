import { readGo, WORKER_PATH } from './model/push-message.ts';

/** Goes where the site's own service worker asks to, after somebody has pressed a notification, and says so. */
export function followWorker(go: (path: string) => void): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.addEventListener('message', ({ source, data, ports }) => {
    const isWorker =
      source instanceof ServiceWorker && source.scriptURL === `${location.origin}${WORKER_PATH}`;
    const path = isWorker ? readGo(data) : undefined;
    if (path === undefined) return;
    if (path !== location.pathname) go(path);
    ports[0]?.postMessage('going');
  });
}
