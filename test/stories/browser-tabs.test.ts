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
