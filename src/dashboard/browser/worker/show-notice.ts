import type { PushNotice } from '../model/push-message.ts';

const ICON = '/icon-192.png';

/** `renotify` and `timestamp` (Notifications API) are not in TypeScript's types: not every browser knows them. */
interface Options extends NotificationOptions {
  readonly renotify: boolean;
  readonly timestamp?: number;
}

/** Shows a notice, in place of an earlier one with the same tag. It offers nothing that decides: it can be opened only. */
export function showNotice(registration: ServiceWorkerRegistration, notice: PushNotice): Promise<void> {
  const { title, body, tag, path, stays, at } = notice;
  const options: Options = {
    body,
    tag,
    renotify: true,
    requireInteraction: stays,
    icon: ICON,
    data: { path },
    ...(at === undefined ? {} : { timestamp: at }),
  };
  return registration.showNotification(title, options);
}
