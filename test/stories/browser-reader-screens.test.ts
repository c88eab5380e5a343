import { expect, test } from 'vitest';
import { SECTIONS } from '../../src/dashboard/browser/model/sections.ts';
import { hear, type Reader } from '../dashboard/support/hear.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';

const chromium = useBrowser();
const SLOW = { timeout: 90_000 };

/** A role where a name should stand, as in `button` alone. */
const UNNAMED =
  /^(?:link|button|edit|search edit|check box|radio button|combo box|disclosure|graphic)(?:,|$)/;
/** Times as the eye has them: `4 min 05 s`. */
const SHORT_TIME = /\b\d+ (?:min|h|d|s)\b/;

const TABLES = `[...document.querySelectorAll('table')].map((table) => ({
  headers: table.querySelectorAll('thead th[scope=col]').length,
  rows: [...table.querySelectorAll('tbody tr')].every((row) => row.querySelector('th[scope=row]') !== null),
}))`;
const PLOTS = `[...document.querySelectorAll('figure')].map((plot) => ({
  image: plot.querySelector('svg[role=img][aria-label]') !== null,
  table: plot.querySelector('table') !== null,
}))`;

/** What every screen owes to somebody who hears it; nothing that is wrong is the answer. */
async function wrongOn({ page }: Visit, reader: Reader): Promise<string[]> {
  const lines = await reader.read();
  const headings = await reader.headings();
  const controls = await reader.controls();
  const landmarks = await reader.landmarks();
  const tables = await page.evaluate<{ headers: number; rows: boolean }[]>(TABLES);
  const plots = await page.evaluate<{ image: boolean; table: boolean }[]>(PLOTS);
  const tops = headings.filter((one) => one.endsWith('heading, level 1'));
  return [
    ...(tops.length === 1 ? [] : [`${tops.length} headings of level 1`]),
    ...(controls[0] === 'Skip to what is shown, link' ? [] : [`first of all comes ${controls[0]}`]),
    ...['banner landmark', 'Main, navigation landmark', 'main landmark'].filter(
      (one) => !landmarks.includes(one),
    ),
    ...[...controls, ...headings].filter((one) => UNNAMED.test(one)).map((one) => `without a name: ${one}`),
    ...lines.filter((line) => SHORT_TIME.test(line)).map((line) => `a time that is not in words: ${line}`),
    ...tables.filter(({ headers, rows }) => headers === 0 || !rows).map(() => 'a table without headers'),
    ...plots.filter(({ image, table }) => !(image && table)).map(() => 'a plot that nobody can hear'),
  ];
}

test('every screen has one heading, where one arrives, and nothing that has no name', SLOW, async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.visit();
  const { page } = ada;
  const reader = await hear(page);
  await page.goto(stage.gateway.app.enrolUrl ?? '');
  await page.getByRole('button', { name: 'Make a passkey' }).waitFor();
  expect(await page.title()).toBe('Become an approver · Countersign');
  expect(await reader.focused()).toBe('');
  await ada.enrol(stage.gateway.app.enrolUrl ?? '');
  const first = await stage.hold();
  await ada.openCall(first);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
  const second = await stage.hold({ amount_cents: 9900, to: 'c_123' });
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await ada.row(second).waitFor();

  const wrong: Record<string, string[]> = {};
  const titles = new Set<string>();
  const settle = async (name: string): Promise<void> => {
    await expect.poll(() => page.locator('.skeleton').count(), { timeout: 5_000 }).toBe(0);
    const found = await wrongOn(ada, reader);
    if (found.length > 0) wrong[name] = found;
    titles.add(await page.title());
  };
  for (const { name, key, label } of SECTIONS) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect.poll(reader.focused, { timeout: 5_000 }).toBe(`${label}, heading, level 1`);
    await settle(name);
  }
  const session = (await stage.gateway.api('GET', '/v1/sessions')).body.data[0].id;
  const pages = {
    call: `/approvals/${second}`,
    decided: `/approvals/${first}`,
    session: `/sessions/${session}`,
    server: '/servers/oracle',
    entry: '/logs/3',
    story: `/logs/${first}`,
    missing: '/approvals/apr_none',
  };
  for (const [name, path] of Object.entries(pages)) {
    await ada.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await settle(name);
  }
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect.poll(reader.focused, { timeout: 5_000 }).toBe('Countersign, heading, level 1');
  expect(await page.title()).toBe('Sign in · Countersign');
  expect(wrong).toEqual({});
  expect(titles.size).toBe(SECTIONS.length + Object.keys(pages).length - 1);
});

test('the way past the menu is the first thing that the Tab key comes to, and leads to what is shown', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const { page } = ada;
  await page.reload();
  await ada.heading('Nothing waits for a decision');
  const reader = await hear(page);
  expect(await reader.focused()).toBe('');
  await page.keyboard.press('Tab');
  expect(await reader.focused()).toBe('Skip to what is shown, link');
  expect(await page.getByRole('link', { name: 'Skip to what is shown' }).boundingBox()).toMatchObject({
    y: 8,
  });
  await page.keyboard.press('Enter');
  expect(new URL(page.url()).hash).toBe('');
  await page.keyboard.press('Tab');
  expect(await reader.focused()).toBe('Search the inbox, search edit');
});
