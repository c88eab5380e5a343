import { noticeOf, STOPPED, targetOf } from '../model/push-message.ts';
import { isForScreen, offlinePage } from './offline-page.ts';
import { openWindow } from './open-window.ts';
import { renewSubscription } from './renew-subscription.ts';
import { showNotice } from './show-notice.ts';

/*
 * The service worker: shows what the gateway pushes, and opens the page. It keeps nothing of any answer, since nobody may
 * ever decide by looking at an old call.
 */

declare const self: ServiceWorkerGlobalScope;

/** The browser has ended a subscription (Push API, `PushSubscriptionChangeEvent`). */
interface SubscriptionChange extends ExtendableEvent {
  readonly newSubscription?: PushSubscription | null;
}

function messageOf(data: PushMessageData | null): unknown {
  try {
    return data?.json();
  } catch {
    // What is no JSON is shown as a message that could not be read.
    return undefined;
  }
}

async function renew(given: PushSubscription | null): Promise<void> {
  try {
    await renewSubscription(self.registration, given);
  } catch {
    // Silence would be taken for nothing waiting.
    await showNotice(self.registration, STOPPED);
  }
}

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('push', (event) => {
  event.waitUntil(showNotice(self.registration, noticeOf(messageOf(event.data))));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(openWindow(self.clients, targetOf(event.notification.data?.path)));
});

self.addEventListener('pushsubscriptionchange', (event) => {
  const { newSubscription = null } = event as SubscriptionChange;
  (event as SubscriptionChange).waitUntil(renew(newSubscription));
});

self.addEventListener('fetch', (event) => {
  if (isForScreen(event.request)) event.respondWith(fetch(event.request).catch(offlinePage));
});
