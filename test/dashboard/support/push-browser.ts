import type { Page, Worker } from 'playwright-core';
import type { PushService } from '../../notifications/push/push-sink.ts';
import type { Visit } from './visit.ts';

/** A notification as the service worker asked the browser to show it. */
export interface Shown {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  readonly renotify: boolean;
  readonly requireInteraction: boolean;
  readonly icon: string;
  readonly timestamp?: number;
  readonly data: { readonly path: string };
  readonly actions?: readonly unknown[];
}

/**
 * The push side of one browser. The bundled Chromium shows no notifications and reaches no push service, so these are
 * replaced, and nothing else: what asks the person, what subscribes, what shows a notification, and, since a press cannot be
 * made of one, what raises and opens windows. Page, service worker, registration and push events are the browser's own.
 */
export interface PushBrowser {
  /** What the person answers the browser when it asks. */
  answer: 'granted' | 'denied' | 'default';
  /** Whether there is a subscription. */
  isSubscribed(): Promise<boolean>;
  /** The running worker, with what it cannot have replaced. */
  worker(): Promise<Worker>;
  /** Hands the worker a message as the browser does, and waits until a notification was asked for. */
  deliver(text: string): Promise<Shown>;
  /** Presses the newest notification; gives the addresses of the new windows that were asked for, and how many were raised. */
  press(): Promise<{ opened: string[]; raised: number }>;
  /** Has the browser end its subscription. `given`: it has made the next one itself. */
  change(given: 'given' | 'none'): Promise<void>;
}

// Text, not functions: these tests are compiled without the types of the DOM.
const SUBSCRIPTIONS = `
  const bytesOf = (text) => Uint8Array.fromBase64(text, { alphabet: 'base64url' });
  const made = ({ endpoint, keys, key }) => ({
    endpoint,
    options: { userVisibleOnly: true, applicationServerKey: bytesOf(key).buffer },
    toJSON: () => ({ endpoint, expirationTime: null, keys }),
    unsubscribe: async () => { await forget(); return true; },
  });
  const keyOf = ({ userVisibleOnly, applicationServerKey }) => {
    if (userVisibleOnly !== true || applicationServerKey.length !== 65) throw new TypeError('refused');
    return applicationServerKey.toBase64({ alphabet: 'base64url', omitPadding: true });
  };`;

const IN_PAGE = `{ ${SUBSCRIPTIONS}
  const forget = () => { delete localStorage.testPush; };
  Object.defineProperty(Notification, 'permission', { get: () => localStorage.testAnswer ?? 'default' });
  Notification.requestPermission = async () => {
    const answer = await testAsk();
    if (answer !== 'default') localStorage.testAnswer = answer;
    return answer;
  };
  PushManager.prototype.getSubscription = async () =>
    localStorage.testPush === undefined ? null : made(JSON.parse(localStorage.testPush));
  PushManager.prototype.subscribe = async (options) => {
    const key = keyOf(options);
    const kept = { ...(await testSubscribe(key)), key };
    localStorage.testPush = JSON.stringify(kept);
    return made(kept);
  };
}`;

const IN_WORKER = `{ ${SUBSCRIPTIONS}
  const forget = () => {};
  self.seen = { shown: [], opened: [], raised: 0 };
  ServiceWorkerRegistration.prototype.showNotification = async (title, options) => {
    seen.shown.push({ title, ...options });
  };
  Clients.prototype.openWindow = async (path) => { seen.opened.push(path); return null; };
  WindowClient.prototype.focus = async function () { seen.raised += 1; return this; };
  PushManager.prototype.subscribe = async (options) => {
    if (self.next === undefined) throw new DOMException('Registration failed', 'AbortError');
    if (keyOf(options) !== next.key) throw new TypeError('another key');
    return made(next);
  };
  self.made = made;
  self.raise = (type, members) => {
    let done;
    const event = Object.assign(new ExtendableEvent(type), members, { waitUntil: (until) => { done = until; } });
    dispatchEvent(event);
    return done;
  };
}`;

/** Hands a message to the one service worker of a page's site, as the browser does when its push service brings one. */
async function deliverTo(page: Page, { origin, data }: { origin: string; data: string }): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  const registered = new Promise<string>((resolve) => {
    cdp.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const live = registrations.find(({ isDeleted }) => !isDeleted);
      if (live !== undefined) resolve(live.registrationId);
    });
  });
  await cdp.send('ServiceWorker.enable');
  const registrationId = await registered;
  await cdp.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
  await cdp.detach();
}

/** Gives a person's browser its push side; before it opens a page. */
export async function givePush(
  visit: Visit,
  { origin, service }: { origin: string; service: PushService },
): Promise<PushBrowser> {
  const { page } = visit;
  const context = page.context();
  const prepared = new WeakSet<Worker>();
  const keys = { subscribed: '' };
  await page.exposeFunction('testAsk', () => browser.answer);
  await page.exposeFunction('testSubscribe', (key: string) => {
    keys.subscribed = key;
    return service.subscribe(key);
  });
  await page.addInitScript(IN_PAGE);

  const browser: PushBrowser = {
    answer: 'granted',
    isSubscribed: () => page.evaluate('localStorage.testPush !== undefined'),
    async worker() {
      const worker = context.serviceWorkers().at(-1) ?? (await context.waitForEvent('serviceworker'));
      if (!prepared.has(worker)) {
        await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
        await worker.evaluate(IN_WORKER);
      }
      prepared.add(worker);
      return worker;
    },
    async deliver(data) {
      const worker = await browser.worker();
      const before = await worker.evaluate<number>('seen.shown.length');
      await deliverTo(page, { origin, data });
      return worker.evaluate<Shown>(`new Promise((resolve) => {
        const look = () => seen.shown.length > ${before} ? resolve(seen.shown.at(-1)) : setTimeout(look, 5);
        look();
      })`);
    },
    async press() {
      const worker = await browser.worker();
      return worker.evaluate(`(async () => {
        Object.assign(seen, { opened: [], raised: 0 });
        await raise('notificationclick', { notification: { data: seen.shown.at(-1).data, close() {} } });
        return { opened: seen.opened, raised: seen.raised };
      })()`);
    },
    async change(given) {
      const worker = await browser.worker();
      const next = { ...(await service.subscribe(keys.subscribed)), key: keys.subscribed };
      const text = JSON.stringify(next);
      await page.evaluate(`localStorage.testPush = ${JSON.stringify(text)}`);
      await worker.evaluate(`(async () => {
        self.next = ${text};
        const members = ${given === 'given'} ? { newSubscription: made(next) } : {};
        await raise('pushsubscriptionchange', members);
      })()`);
    },
  };
  return browser;
}
