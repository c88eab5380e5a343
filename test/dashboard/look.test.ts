import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions } from 'playwright-core';
import { expect, test } from 'vitest';
import { useScene } from './support/scene.ts';
import { enrolBy, openVisit, type Visit } from './support/visit.ts';

const scene = useScene();
const SHOTS = process.env.COUNTERSIGN_SHOTS;
if (SHOTS !== undefined) mkdirSync(SHOTS, { recursive: true });

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['desktop', { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 390, height: 844 }, colorScheme: 'light' }],
];

/** Nothing that axe finds, nothing wider than the window. */
async function check(visit: Visit, name: string): Promise<void> {
  if (SHOTS !== undefined) await visit.page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  expect(await visit.axe(), name).toEqual([]);
  const overflow = await visit.page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  expect(overflow, `${name} is wider than its window`).toBe(0);
}

const ARGS = {
  amount_cents: 7500,
  invoice_id: 'inv_0001',
  reason: 'Customer \u202Eevil asked; p\u0430ypal',
  nested: { list: [1, true, null, { deep: 'x'.repeat(60) }], empty: {} },
  body: 'lorem ipsum '.repeat(60),
  [`long_${'k'.repeat(200)}`]: 'y'.repeat(300),
};

test.each(LOOKS)('every screen is accessible and fits: %s', { timeout: 60_000 }, async (look, options) => {
  const visit = await openVisit(scene.launched.browser, scene.gateway, options);
  const { page } = visit;
  const shot = (name: string) => check(visit, `${look}-${name}`);
  const url = await scene.gateway.enrolUrl();
  await page.goto(url);
  await page.getByRole('button', { name: 'Make a passkey' }).waitFor();
  await shot('1-enrol');
  await page.goto(`${scene.gateway.origin}/sign-in`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await shot('2-sign-in');
  await enrolBy(visit, url);
  await page.getByText('Nothing waits for a decision').waitFor();
  await shot('3-empty');

  const { desk } = scene.gateway;
  desk.hold({ risk: 'low', tool: 'mail_send', args: { to: 'ada@example.com' }, expiresInMs: 45_000 });
  const id = desk.hold({ args: ARGS, risk: 'critical', quorum: 2 });
  desk.hold({ risk: 'medium', tool: `domains_${'purchase'.repeat(6)}`, args: { name: 'example.com' } });
  await page.reload();
  await page.locator(`#row-${id}`).waitFor();
  await page.keyboard.press('j');
  desk.hold({ tool: 'cards_create' });
  await page.getByRole('button', { name: '1 new' }).waitFor();
  await shot('4-inbox');

  await page.goto(`${scene.gateway.origin}/approvals/${id}`);
  await page.getByRole('button', { name: 'Show all 720 characters' }).waitFor();
  await shot('5-folded');
  await page.getByRole('button', { name: 'Show all 720 characters' }).click();
  await scene.scrollToEnd(visit);
  await expect.poll(() => scene.approve(visit).isEnabled()).toBe(true);
  await shot('6-approval');
  await page.getByRole('button', { name: 'Deny…' }).click();
  await shot('7-deny');
  await page.getByRole('button', { name: 'Back' }).click();
  await scene.approve(visit).click();
  await page.getByText('You have decided already').waitFor();
  const text = '{"content":[{"type":"text","text":"Refunded 75.00"}]}';
  desk.change(id, {
    state: 'unknown',
    state_reason: 'The gateway stopped while the call ran.',
    result: { kind: 'unknown', text },
  });
  await page.getByText('How you know').waitFor();
  await shot('8-outcome');

  await page.goto(`${scene.gateway.origin}/history`);
  await page.locator(`#row-${id}`).waitFor();
  await shot('9-history');
  await page.goto(`${scene.gateway.origin}/people`);
  await page.getByLabel('Name', { exact: true }).fill('Grace');
  await page.getByRole('button', { name: 'Make a one-time link' }).click();
  await page.locator('code.link').waitFor();
  await shot('10-people');
  await page.keyboard.press('Tab');
  await page.getByRole('heading', { name: 'People' }).click();
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keys' }).waitFor();
  await shot('11-keys');
  await page.goto(`${scene.gateway.origin}/approvals/apr_none`);
  await page.getByText('There is no such call').waitFor();
  await shot('12-missing');
  expect(visit.faults).toEqual([]);
  await visit.close();
});

test('a call of a megabyte is shown whole, and hides nothing before its end is seen', {
  timeout: 60_000,
}, async () => {
  await scene.enrolAda();
  const long = `${'A'.repeat(1_000_000)}<b>é`;
  const id = scene.gateway.desk.hold({ args: { body: long } });
  const { page } = scene.ada;
  await page.goto(`${scene.gateway.origin}/approvals/${id}`);
  await page.getByText('Unfold the arguments first: 1 part is still folded.').waitFor();
  await page.getByRole('button', { name: 'Show all 1000004 characters' }).click();
  expect(await page.locator('.tree').textContent()).toContain(`${'A'.repeat(1_000)}<b>⟦U+00E9⟧"`);
  await scene.rested();
  expect(await scene.approve().isDisabled()).toBe(true);
  await scene.scrollToEnd();
  await expect.poll(() => scene.approve().isEnabled()).toBe(true);
});
