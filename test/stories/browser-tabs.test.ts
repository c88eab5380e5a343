import { expect, test } from 'vitest';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();
const SLOW = { timeout: 90_000 };
/** One more than the connections that a browser has for one site over HTTP/1.1. */
const WINDOWS = 7;

test('seven windows of one person all load, and all learn what happens', SLOW, async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const pages = [ada.page];
  while (pages.length < WINDOWS) pages.push(await ada.page.context().newPage());
  const { origin } = stage.gateway.app;
  for (const page of pages) {
    page.setDefaultTimeout(15_000);
    await page.goto(`${origin}/sessions`);
    await page.locator('.fleet li').first().waitFor();
  }
  for (const page of pages) expect(await page.evaluate('document.visibilityState')).toBe('visible');
  const { status } = await stage.gateway.api('POST', '/v1/sessions', {
    subject: 'grace',
    tools: ['oracle/pay'],
    ttl_ms: 600_000,
  });
  expect(status).toBe(201);
  for (const page of pages) await page.locator('.fleet').getByText('grace').waitFor();

  const id = await stage.hold();
  for (const page of pages) {
    await page.getByRole('link', { name: 'Inbox', exact: true }).click();
    await page.locator(`#row-${id}`).waitFor();
  }
  const countOf = async (text: string): Promise<number> => {
    const counts = await Promise.all(pages.map((page) => page.getByText(text, { exact: true }).count()));
    return counts.reduce((sum, one) => sum + one);
  };
  const states = async () => ({ live: await countOf('Live'), asking: await countOf('Every few seconds') });
  await expect.poll(states, { timeout: 15_000 }).toEqual({ live: 4, asking: 3 });
  await stage.gateway.api('POST', `/v1/approvals/${id}/cancel`);
  for (const page of pages)
    await page.getByText('no longer waiting').or(page.getByText('Nothing waits')).waitFor();
  for (const page of pages.splice(0, 5)) await page.close();
  for (const page of pages) await page.getByText('Live', { exact: true }).waitFor();
});

test('a stream that takes long to open over a slow network is waited for', SLOW, async () => {
  const stage = await openStage(chromium.browser);
  const { page: other } = await stage.enrolFirst();
  const { origin } = stage.gateway.app;
  // A window that is no screen takes all connections that are for streams, and gives them back when it is told to.
  await other.goto(`${origin}/llms.txt`);
  await other.evaluate(`new Promise((taken) => {
    const free = new Promise((resolve) => { globalThis.free = resolve; });
    let left = 4;
    for (const slot of [0, 1, 2, 3])
      navigator.locks.request('countersign-stream-' + slot, () => { left -= 1; if (left === 0) taken(); return free; });
  })`);
  const page = await other.context().newPage();
  const seen = { streams: 0 };
  // Never answered.
  await page.route('**/v1/logs/stream*', () => {
    seen.streams += 1;
  });
  await page.clock.install();
  await page.goto(`${origin}/`);
  await page.getByText('Every few seconds', { exact: true }).waitFor();
  expect(seen.streams).toBe(0);
  await other.evaluate('free()');
  await page.clock.runFor(6_000);
  await expect.poll(() => seen.streams).toBe(1);
  // What has asked for a connection by then has it before these answer, and its request comes before theirs.
  const settle = `(async () => {
    for (let round = 0; round < 8; round += 1) await navigator.locks.query();
    await fetch('/llms.txt');
  })()`;
  for (let round = 0; round < 4; round += 1) {
    await page.clock.runFor(6_000);
    await page.evaluate(settle);
  }
  expect(seen.streams).toBe(1);
  await page.close();
});
