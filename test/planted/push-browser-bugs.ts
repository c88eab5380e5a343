import type { PlantedBug } from './bug.ts';

const JOURNEY = ['test/stories/browser-push.test.ts'];
const STATES = ['test/stories/browser-push-states.test.ts'];
const INSTALL = ['test/stories/browser-install.test.ts'];
const BROWSER = 'src/dashboard/browser';

/** Defects of notifications and of installing that a browser meets alone. */
export const PUSH_BROWSER_BUGS: readonly PlantedBug[] = [
  {
    name: 'a notification takes a person away from a secret that is shown once',
    file: `${BROWSER}/follow-worker.ts`,
    find: 'if (!stays && path',
    replace: 'if (path',
    tests: JOURNEY,
  },
  {
    name: 'signing out leaves the browser subscribed',
    file: `${BROWSER}/parts/frame.tsx`,
    find: 'await quitDevice(push);',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'another person keeps the notifications of the one before',
    file: `${BROWSER}/shell.ts`,
    find: 'await quitDevice(api.client.push, me.value.id);',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'turning off leaves the subscription in the browser',
    file: `${BROWSER}/push-device.ts`,
    find: 'await (await registration?.pushManager.getSubscription())?.unsubscribe();',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'turning off leaves the device at the gateway',
    file: `${BROWSER}/push-device.ts`,
    find: 'if (kept !== undefined) await removeAtGateway(deps, kept.id);',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'a failure leaves a subscription behind',
    file: `${BROWSER}/push-device.ts`,
    find: `    await forgetHere();\n    throw error;`,
    replace: '    throw error;',
    tests: STATES,
  },
  {
    name: 'any message event leads the page',
    file: `${BROWSER}/follow-worker.ts`,
    find: 'isWorker ? readGo(data) : undefined',
    replace: 'isWorker || data ? readGo(data) : undefined',
    tests: JOURNEY,
  },
  {
    name: 'a click opens what the notification holds',
    file: `${BROWSER}/worker/main.ts`,
    find: 'targetOf(event.notification.data?.path)',
    replace: 'event.notification.data?.path',
    tests: JOURNEY,
  },
  {
    name: 'the gateway is not told of a renewed subscription',
    file: `${BROWSER}/worker/renew-subscription.ts`,
    find: 'await push.add(',
    replace: 'void (',
    tests: JOURNEY,
  },
  {
    name: 'the old device stays after a renewal',
    file: `${BROWSER}/push-device.ts`,
    find: 'if (device.id !== kept.id) await removeAtGateway(deps, kept.id);',
    replace: '',
    tests: JOURNEY,
  },
  {
    name: 'a failed renewal is silent',
    file: `${BROWSER}/worker/main.ts`,
    find: 'await showNotice(self.registration, STOPPED);',
    replace: 'return;',
    tests: STATES,
  },
  {
    name: 'a window that does not answer is taken for one that goes',
    file: `${BROWSER}/worker/open-window.ts`,
    find: 'setTimeout(() => resolve(false), PATIENCE_MS)',
    replace: 'setTimeout(() => resolve(true), PATIENCE_MS)',
    tests: JOURNEY,
  },
  {
    name: 'nothing is said when the gateway cannot be reached',
    file: `${BROWSER}/worker/main.ts`,
    find: 'fetch(event.request).catch(offlinePage)',
    replace: 'fetch(event.request)',
    tests: STATES,
  },
  {
    name: 'the offline page stands for the API',
    file: `${BROWSER}/worker/offline-page.ts`,
    find: "!pathname.startsWith('/v1/') && ",
    replace: '',
    tests: STATES,
  },
  {
    name: 'the service worker keeps screens',
    file: `${BROWSER}/worker/main.ts`,
    find: 'event.respondWith(fetch(event.request).catch(offlinePage))',
    replace:
      "event.respondWith(fetch(event.request).then(async (r) => { await (await caches.open('x')).put(event.request, r.clone()); return r; }).catch(async () => (await caches.match(event.request)) ?? offlinePage()))",
    tests: STATES,
  },
  {
    name: 'the policy lets any address through',
    file: `${BROWSER}/worker-address.ts`,
    find: 'if (url !== WORKER_PATH) throw',
    replace: 'if (url === "") throw',
    tests: INSTALL,
  },
  {
    name: 'the browser asks to install by itself',
    file: `${BROWSER}/install.ts`,
    find: 'event.preventDefault();',
    replace: '',
    tests: INSTALL,
  },
  {
    name: 'a notification of high risk goes away by itself',
    file: `${BROWSER}/worker/show-notice.ts`,
    find: 'requireInteraction: stays',
    replace: 'requireInteraction: false',
    tests: JOURNEY,
  },
  {
    name: 'the hint comes back though it was dismissed',
    file: `${BROWSER}/model/preferences.ts`,
    find: 'pushHint: found.pushHint !== false',
    replace: 'pushHint: true',
    tests: STATES,
  },
  {
    name: 'a closed question is taken for success',
    file: `${BROWSER}/parts/settings/notifications-card.tsx`,
    find: "if ((await turnPushOn(deps, name)) === 'default') throw new Error(CLOSED);",
    replace: 'await turnPushOn(deps, name);',
    tests: JOURNEY,
  },
  {
    name: 'the focus is lost with the button that turned notifications on',
    file: `${BROWSER}/parts/settings/notifications-card.tsx`,
    find: 'acted.current = true;',
    replace: '',
    tests: JOURNEY,
  },
];
