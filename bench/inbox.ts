import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { addAuthenticator, launchBrowser } from '../test/support/browser.ts';
import type { Figure } from './extras.ts';
import { startGateway } from './gateway.ts';
import { quantile } from './measure.ts';
import { heldIds, multiplyPending } from './scale.ts';
import { stop } from './spawned.ts';

const PENDING = 10_000;
const LOADS = 5;
const STEPS = 60;

// Text, not functions: the bench is compiled without the types of the DOM.
const WATCH = `
  window.long = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.long.push(entry.duration);
  }).observe({ type: 'longtask', buffered: true });
  const look = () => {
    if (document.querySelector('.rows.window li')) requestAnimationFrame(() => { window.painted = performance.now(); });
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
`;

/** Three of one tool at most, so that none shares a line with others, in every risk. */
const MANY_SORTS = {
  call_text: `replace(call_text, '"echo_held"', '"other_' || (n % ${Math.ceil(PENDING / 3)}) || '"')`,
  risk: "CASE n % 20 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'low' ELSE 'medium' END",
} as const;

const rests = (page: Page, ms: number): Promise<unknown> =>
  page.evaluate(`new Promise((done) => setTimeout(done, ${ms}))`);

/** Asks from outside, since the page's own policy forbids to evaluate text within it. */
async function until(page: Page, condition: string): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    if (await page.evaluate<boolean>(condition)) return;
    await rests(page, 50);
  }
  throw new Error(`It did not come about: ${condition}`);
}

/** Scrolls down the whole list and back, moves by key, and searches, as a person in a hurry would. */
async function useList(page: Page): Promise<void> {
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  for (let step = 0; step < STEPS; step += 1) {
    await page.evaluate(`window.scrollTo(0, ${Math.round((height * ((step * 7) % STEPS)) / STEPS)})`);
    await rests(page, 30);
  }
  for (let step = 0; step < STEPS; step += 1) await page.keyboard.press('j');
  await page.keyboard.press('/');
  await page.keyboard.type('tool:other_42');
  await rests(page, 200);
}

/** The inbox in Chromium while 10,000 calls wait: until rows are painted, and the longest task while all is loaded and used. */
export async function measureInbox(
  folder: string,
  servers: Readonly<Record<string, unknown>>,
): Promise<Figure[]> {
  const first = await startGateway(folder, servers);
  const launched = await launchBrowser();
  const running = { child: first.child };
  try {
    await heldIds(first, 1);
    const page = await (await launched.browser.newContext()).newPage();
    await addAuthenticator(page);
    await page.goto(first.enrolUrl ?? '');
    await page.getByRole('button', { name: 'Make a passkey' }).click();
    await page.getByRole('heading', { name: 'Inbox' }).waitFor();
    await page.goto('about:blank');
    await stop(first.child);
    multiplyPending(join(folder, 'data', 'countersign.db'), {
      count: PENDING - 1,
      changes: MANY_SORTS,
    });
    running.child = (await startGateway(folder, servers, first)).child;
    await page.addInitScript(WATCH);
    const painted: number[] = [];
    const longest: number[] = [];
    let shown = 0;
    for (let load = 0; load < LOADS; load += 1) {
      await page.goto(`${first.origin}/`);
      await until(page, 'window.painted !== undefined');
      await until(page, `document.title === '(${PENDING}) Inbox · Countersign'`);
      shown = await page.locator('.rows.window li').count();
      await useList(page);
      painted.push(await page.evaluate<number>('window.painted'));
      longest.push(await page.evaluate<number>('Math.max(0, ...window.long)'));
    }
    if (shown < 15) throw new Error(`The list drew ${shown} lines.`);
    return [
      {
        what: '10,000-call inbox: rows painted, p50',
        value: quantile(painted, 0.5),
        unit: 'ms',
        must: 1_000,
      },
      { what: '10,000-call inbox: longest task', value: Math.max(...longest), unit: 'ms', must: 100 },
    ];
  } finally {
    await launched.close();
    await stop(running.child);
  }
}
