import { expect, it, onTestFinished } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { givePush, type PushBrowser } from '../dashboard/support/push-browser.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';
import { type PushService, startPushService } from '../notifications/push/push-sink.ts';

const chromium = useBrowser();
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1';

/** What other browsers and addresses lack, as the page finds it. */
const LACKING = `{
  const lacks = localStorage.testLacks ?? '';
  if (lacks.includes('push')) delete window.PushManager;
  if (lacks.includes('https')) Object.defineProperty(window, 'isSecureContext', { value: false });
  if (lacks.includes('mac')) Object.defineProperty(navigator, 'userAgent', { value: '${IPHONE}' });
}`;

interface PushStage {
  readonly stage: Stage;
  readonly service: PushService;
  readonly visit: Visit;
  readonly browser: PushBrowser;
}

async function openPush(settings: object = {}): Promise<PushStage> {
  const service = await startPushService();
  onTestFinished(() => service.close());
  const stage = await openStage(chromium.browser, {
    settings: { webhooks: { allow: [service.party] }, ...settings },
  });
  const { origin, enrolUrl = '' } = stage.gateway.app;
  const visit = await stage.visit();
  const browser = await givePush(visit, { origin, service });
  await visit.enrol(enrolUrl);
  return { stage, service, visit, browser };
}

it('a browser that cannot notify says what stands in the way, and the inbox does not promise it', async () => {
  const { visit } = await openPush();
  const { page } = visit;
  await page.addInitScript(LACKING);
  const hint = page.getByRole('link', { name: 'Have this device notify you' });
  for (const [lacks, words] of Object.entries({
    push: 'This browser has no push notifications.',
    'push mac': 'Add to Home Screen',
    'push https': 'over https alone',
  })) {
    await page.evaluate(`localStorage.testLacks = '${lacks}'`);
    await visit.goto('/');
    await visit.heading('Nothing waits for a decision');
    expect(await hint.count()).toBe(0);
    await visit.goto('/settings');
    await page.getByText(words).waitFor();
    expect(await page.getByRole('button', { name: 'Turn on notifications' }).count()).toBe(0);
    await look(visit, `10-lacks-${lacks.replace(' ', '-')}`);
  }
  await page.evaluate('localStorage.removeItem("testLacks")');
  await visit.goto('/settings');
  await page.getByRole('button', { name: 'Turn on notifications' }).waitFor();
}, 120_000);

it('somebody who has told the browser no learns how to allow it, and one who wants no hint has none again', async () => {
  const { visit, browser } = await openPush();
  const { page } = visit;
  await look(visit, '11-hint');
  await page.getByRole('button', { name: 'Do not show this again' }).click();
  await page.reload();
  await visit.heading('Nothing waits for a decision');
  expect(await page.getByRole('link', { name: 'Have this device notify you' }).count()).toBe(0);
  browser.answer = 'denied';
  await visit.goto('/settings');
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  await page.getByText('was told to show no notifications').waitFor();
  await look(visit, '12-blocked');
}, 120_000);

it('a gateway without Web Push says so in its settings', async () => {
  const { visit } = await openPush({ channels: { push: false } });
  await visit.goto('/settings');
  await visit.page.getByText('has switched Web Push off').waitFor();
}, 120_000);

it('what does not succeed is said, leaves nothing behind, and can be tried again', async () => {
  const { visit, browser, service, stage } = await openPush();
  const { page } = visit;
  const turnOn = page.getByRole('button', { name: 'Turn on notifications' });
  await visit.goto('/settings');
  await page.evaluate(`{
    const { subscribe } = PushManager.prototype;
    PushManager.prototype.subscribe = async () => {
      PushManager.prototype.subscribe = subscribe;
      throw new DOMException('Registration failed - push service error', 'AbortError');
    };
  }`);
  await turnOn.click();
  await page.getByText('did not get an address from its push service').waitFor();
  await page.route('**/v1/push/devices', (route) =>
    route.request().method() === 'POST'
      ? route.fulfill({ status: 409, json: { code: 'conflict', detail: 'You have 20 devices.' } })
      : route.continue(),
  );
  await turnOn.click();
  await page.getByText('You have 20 devices.').waitFor();
  expect(await browser.isSubscribed()).toBe(false);
  expect(await page.evaluate('navigator.serviceWorker.getRegistrations().then((all) => all.length)')).toBe(0);
  await look(visit, '13-refused');
  await page.unroute('**/v1/push/devices');
  await turnOn.click();
  await page.getByText('They are on in this browser.').waitFor();
  expect(await page.getByText('That did not succeed').count()).toBe(0);

  service.answer = () => 503;
  await page.getByRole('button', { name: 'Send a test', exact: true }).click();
  await visit.heading('The test was not taken');
  await look(visit, '14-not-taken');
  await stage.hold();
  const devices = page.getByRole('list', { name: 'Your devices' });
  await expect
    .poll(async () => {
      await page.reload();
      await devices.waitFor();
      return devices.getByText('The newest that has not arrived').count();
    })
    .toBe(1);
  await look(visit, '15-problem');
}, 120_000);

it('a device whose subscription could not be made anew says that it has stopped', async () => {
  const { visit, browser } = await openPush();
  const { page } = visit;
  await visit.goto('/settings');
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  await page.getByText('They are on in this browser.').waitFor();
  await page.route('**/v1/push/devices', (route) => route.abort());
  const worker = await browser.worker();
  await page.context().clearCookies();
  await browser.change('given');
  expect(await worker.evaluate('seen.shown.at(-1)')).toMatchObject({
    title: 'Countersign',
    body: expect.stringContaining('have stopped on this device'),
    data: { path: '/' },
  });
}, 120_000);

it('without the gateway an installed page says so under its own policy, shows nothing old, and goes on when it is back', async () => {
  const { stage, visit } = await openPush();
  const { page } = visit;
  const id = await stage.hold();
  await visit.goto('/settings');
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  await page.getByText('They are on in this browser.').waitFor();
  await visit.openCall(id);
  expect(await page.evaluate('caches.keys()')).toEqual([]);
  await page.context().setOffline(true);
  const answer = await page.reload();
  await visit.heading('The gateway cannot be reached');
  expect(answer?.status()).toBe(503);
  expect(answer?.headers()['content-security-policy']).toContain("default-src 'none'");
  expect(await page.content()).not.toContain('pay');
  await look(visit, '16-offline');
  // The API has no page of its own, and a one-time link is tried again whole.
  for (const path of ['/v1/openapi.json', '/enrol#secret']) {
    const other = await page.context().newPage();
    await expect(other.goto(`${stage.gateway.app.origin}${path}`)).rejects.toThrow('DISCONNECTED');
    await other.close();
  }
  await page.context().setOffline(false);
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByText('End of the call', { exact: true }).waitFor();
}, 120_000);
