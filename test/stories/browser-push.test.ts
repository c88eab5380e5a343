import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { givePush, type PushBrowser } from '../dashboard/support/push-browser.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';
import { type PushService, startPushService } from '../notifications/push/push-sink.ts';

const chromium = useBrowser();

interface PushStage {
  readonly stage: Stage;
  readonly service: PushService;
  readonly visit: Visit;
  readonly page: Page;
  readonly browser: PushBrowser;
}

/** A person before the inbox, whose browser has a push side. */
async function openPush(): Promise<PushStage> {
  const service = await startPushService();
  onTestFinished(() => service.close());
  const settings = { webhooks: { allow: [service.party] } };
  const stage = await openStage(chromium.browser, { settings });
  const { origin, enrolUrl = '' } = stage.gateway.app;
  const visit = await stage.visit();
  const browser = await givePush(visit, { origin, service });
  await visit.enrol(enrolUrl);
  return { stage, service, visit, page: visit.page, browser };
}

const card = (page: Page) => page.getByRole('region', { name: 'Notifications on this device' });
const ownDevices = (page: Page) => page.getByRole('list', { name: 'Your devices' });

async function turnOn({ visit, page }: PushStage): Promise<void> {
  await visit.goto('/settings');
  await card(page).getByRole('button', { name: 'Turn on notifications' }).click();
  await card(page).getByText('They are on in this browser.').waitFor();
}

it('a person is told of a held call by a notification, which opens the call in the window that is there', async () => {
  const told = await openPush();
  const { stage, service, visit, page, browser } = told;
  await page.getByRole('link', { name: 'Have this device notify you' }).click();
  const name = page.getByLabel('Name of this device');
  expect(await name.inputValue()).toBe('Chrome on Linux');
  const focused = () => page.evaluate('document.activeElement?.textContent');
  await expect.poll(focused).toBe('Notifications on this device');
  await look(visit, '02-off');
  browser.answer = 'default';
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  await page.getByText('closed without an answer').waitFor();
  browser.answer = 'granted';
  await name.fill('Kitchen \u202Etablet');
  await page.getByRole('button', { name: 'Turn on notifications' }).click();
  await page.getByText('They are on in this browser.').waitFor();
  await ownDevices(page).getByText('Kitchen ⟦U+202E⟧tablet').waitFor();
  await ownDevices(page).getByText('this device').waitFor();
  expect(await focused()).toBe('Notifications on this device');
  await look(visit, '03-on');

  await page.getByRole('button', { name: 'Send a test', exact: true }).click();
  await visit.heading('The push service took the test');
  expect(await focused()).toBe('Send a test');
  const [test] = await service.arrived(1);
  expect(await browser.deliver(test?.text ?? '')).toMatchObject({ data: { path: '/' } });
  await look(visit, '04-test');

  await visit.goto('/');
  expect(await page.getByRole('link', { name: 'Have this device notify you' }).count()).toBe(0);
  const id = await stage.hold();
  const pushed = (await service.arrived(2))[1];
  const { title, body, tag, at } = pushed?.message ?? {};
  expect(title).toContain('pay');
  expect(await browser.deliver(pushed?.text ?? '')).toEqual({
    title,
    body,
    tag,
    renotify: true,
    requireInteraction: true,
    icon: '/icon-192.png',
    timestamp: at,
    data: { path: `/approvals/${id}` },
  });
  expect(await browser.press()).toEqual({ opened: [], raised: 1 });
  await page.getByText('End of the call', { exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toBe(`/approvals/${id}`);
}, 120_000);

it('whatever a message says, its notification opens the inbox or a call of this gateway, and decides nothing', async () => {
  const told = await openPush();
  const { stage, visit, page, browser } = told;
  await turnOn(told);
  const id = await stage.hold();
  for (const url of [
    'https://evil.example/approvals/apr_1',
    '//evil.example/',
    'javascript:alert(1)',
    '/approvals/../settings',
    `/approvals/${id}?deny=x`,
    '/people',
  ]) {
    await visit.goto('/settings');
    const message = {
      v: 1,
      tag: 't',
      title: 'T',
      body: 'B',
      url,
      risk: 'low',
      at: 5,
      actions: [{ action: 'a' }],
    };
    const shown = await browser.deliver(JSON.stringify(message));
    expect(shown).toMatchObject({ title: 'T', body: 'B', data: { path: '/' }, requireInteraction: false });
    expect(shown.actions).toBeUndefined();
    expect(await browser.press()).toEqual({ opened: [], raised: 1 });
    await visit.heading('Inbox');
    expect(page.url()).toBe(`${stage.gateway.app.origin}/`);
  }
  const worker = await browser.worker();
  await visit.goto('/settings');
  await worker.evaluate(`seen.shown.push({ data: { path: 'https://evil.example/' } })`);
  expect(await browser.press()).toEqual({ opened: [], raised: 1 });
  await visit.heading('Inbox');
  await page.evaluate(`navigator.serviceWorker.dispatchEvent(new MessageEvent('message', {
    data: { type: 'countersign/go', path: '/approvals/${id}' }, origin: location.origin }))`);
  expect(page.url(), 'nobody but the worker leads the page').toBe(`${stage.gateway.app.origin}/`);
  for (const text of ['', 'no json', '{"v":2}'])
    expect((await browser.deliver(text)).body).toContain('could not read');
  expect((await stage.approval(id)).state).toBe('pending');
}, 120_000);

it('a notification takes nobody away from a secret that is shown once', async () => {
  const told = await openPush();
  const { visit, page, browser } = told;
  await turnOn(told);
  await visit.goto('/keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('What it is for').fill('billing server');
  await page.getByLabel('reader: read sessions').check();
  await page.getByRole('button', { name: 'Go on to sign' }).click();
  await page.getByRole('button', { name: 'Sign with passkey' }).click();
  await visit.heading('Copy the secret now');
  const message = { v: 1, tag: 't', title: 'T', body: 'B', url: '/approvals/apr_1', risk: null, at: 5 };
  await browser.deliver(JSON.stringify(message));
  expect(await browser.press()).toEqual({ opened: [], raised: 1 });
  await visit.heading('Copy the secret now');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  expect(await browser.press()).toEqual({ opened: [], raised: 1 });
  await page.waitForURL(/apr_1$/);
}, 120_000);

it('a notification opens a new window where none is open, or none that answers', async () => {
  const told = await openPush();
  const { stage, visit, page, browser } = told;
  await turnOn(told);
  const message = { v: 1, tag: 't', title: 'T', body: 'B', url: '/approvals/apr_1', risk: null, at: 5 };
  await browser.deliver(JSON.stringify(message));
  await visit.goto('/v1/openapi.json');
  expect(await browser.press()).toEqual({ opened: [], raised: 1 });
  await page.waitForURL(`${stage.gateway.app.origin}/approvals/apr_1`);
  await page.goto('about:blank');
  const worker = await browser.worker();
  const windows = () =>
    worker.evaluate('clients.matchAll({ includeUncontrolled: true }).then((all) => all.length)');
  await expect.poll(windows).toBe(0);
  expect(await browser.press()).toEqual({ opened: ['/approvals/apr_1'], raised: 0 });
  await worker.evaluate(`seen.shown.push({ data: { path: 'https://evil.example/' } })`);
  expect(await browser.press()).toEqual({ opened: ['/'], raised: 0 });
}, 120_000);

it('signing out ends the notifications of the browser, and so does somebody else who signs in', async () => {
  const told = await openPush();
  const { stage, service, visit, page, browser } = told;
  await turnOn(told);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  expect(await browser.isSubscribed()).toBe(false);
  await stage.hold();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await visit.heading('Settings');
  await card(page).getByRole('button', { name: 'Turn on notifications' }).waitFor();
  expect(await ownDevices(page).count()).toBe(0);
  expect(service.pushed).toEqual([]);

  await turnOn(told);
  // As the next person would find it whose predecessor's sign-in has expired.
  await page.evaluate(`localStorage['push-device'] =
    JSON.stringify({ ...JSON.parse(localStorage['push-device']), person: 'per_before' })`);
  await visit.goto('/');
  await visit.heading('Inbox');
  await expect.poll(() => browser.isSubscribed()).toBe(false);
}, 120_000);

it('a person turns notifications off, removes devices, and has them again when the browser changes its subscription', async () => {
  const told = await openPush();
  const { stage, service, visit, page, browser } = told;
  await turnOn(told);
  await card(page).getByRole('button', { name: 'Turn off' }).click();
  await card(page).getByRole('button', { name: 'Turn on notifications' }).waitFor();
  expect([await ownDevices(page).count(), await browser.isSubscribed()]).toEqual([0, false]);

  await page.getByLabel('Name of this device').fill('phone');
  await card(page).getByRole('button', { name: 'Turn on notifications' }).click();
  await ownDevices(page).locator('bdi', { hasText: 'phone' }).waitFor();
  const names = () =>
    page.evaluate(
      `fetch('/v1/push/devices').then((answer) => answer.json()).then(({ data }) => data.map(({ name }) => name))`,
    );
  for (const given of ['given', 'none'] as const) {
    await browser.change(given);
    expect(await names(), 'the worker has told the gateway').toEqual(['phone', 'Chrome on Linux']);
    await visit.goto('/settings');
    await ownDevices(page).locator('bdi', { hasText: 'phone' }).waitFor();
    await ownDevices(page).getByText('this device').waitFor();
    expect(await ownDevices(page).getByRole('listitem').count()).toBe(1);
  }
  const id = await stage.hold();
  const [pushed] = await service.arrived(1);
  expect(pushed).toMatchObject({ message: { url: `/approvals/${id}` } });
  expect(pushed?.endpoint).toMatch(/\/4$/);

  await ownDevices(page).getByRole('button', { name: 'Remove phone' }).click();
  await card(page).getByRole('button', { name: 'Turn on notifications' }).waitFor();
  expect([await ownDevices(page).count(), await browser.isSubscribed()]).toEqual([0, false]);
}, 120_000);
