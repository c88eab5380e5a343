import { expect, onTestFinished, test } from 'vitest';
import { formGateway } from './support/form-server.ts';
import { openStage, type Stage, useBrowser } from './support/stage.ts';

const chromium = useBrowser();

async function openForm(): Promise<Stage> {
  const form = formGateway();
  onTestFinished(form.clear);
  return openStage(chromium.browser, form);
}

test('long values must be shown and the end must be seen before Approve can be pressed', async () => {
  const stage = await openForm();
  const { page, ...ada } = await stage.enrolFirst();
  const lines = Array.from({ length: 100 }, (_, n) => `line ${n}`);
  const id = await stage.hold({ body: `${'x'.repeat(1_000)}THE_END`, lines }, 'form');
  await ada.goto(`/approvals/${id}`);
  await page.getByText('Unfold the arguments first: 2 parts are still folded.').waitFor();
  await ada.scrollToEnd();
  await ada.rested();
  expect(await ada.approve.isDisabled()).toBe(true);
  await page.evaluate('window.scrollTo(0, 0)');
  const tree = page.locator('.tree');
  expect(await tree.textContent()).not.toContain('THE_END');
  expect(await tree.textContent()).toMatch(/sha256 [0-9a-f]{64}/);
  await page.getByRole('button', { name: 'Show all 1007 characters' }).click();
  await page.getByRole('button', { name: 'Show all 100 items' }).click();
  await page.getByText('Scroll to the end of the call first.').waitFor();
  await ada.rested();
  await page.keyboard.press('a');
  expect(await ada.approve.isDisabled()).toBe(true);
  expect(await ada.approve.textContent()).toBe('Approve with passkey');
  expect(await tree.textContent()).toContain('THE_END');
  await ada.scrollToEnd();
  await page.getByText('Your passkey signs exactly').waitFor();
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
});

test('what hides in the arguments is shown as code points, and look-alikes are named', async () => {
  const stage = await openForm();
  const { page, ...ada } = await stage.enrolFirst();
  const args = {
    to: 'p\u0430ypal',
    note: 'a\u202Eb\u200Bc\u{E0041}',
    'k\u0435y': '<script>alert(1)</script>',
    own: '⟦U+0041⟧',
  };
  await ada.openCall(await stage.hold(args, 'form'));
  const tree = () => page.locator('.tree').textContent();
  expect(await tree()).toContain('"p⟦U+0430⟧ypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
  expect(await tree()).toContain('k⟦U+0435⟧y');
  expect(await tree()).toContain('"<script>alert(1)</script>"');
  expect(await tree()).toContain('"⟦U+27E6⟧U+0041⟦U+27E7⟧"');
  await page.getByText('mixes Latin and Cyrillic').first().waitFor();
  await page.getByLabel('Show Unicode').check();
  expect(await tree()).toContain('"pаypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
});

test('a call of a megabyte is shown whole, and hides nothing before its end is seen', async () => {
  const stage = await openForm();
  const { page, ...ada } = await stage.enrolFirst();
  const id = await stage.hold({ body: `${'A'.repeat(1_000_000)}<b>é` }, 'form');
  await ada.goto(`/approvals/${id}`);
  await page.getByText('Unfold the arguments first: 1 part is still folded.').waitFor();
  await page.getByRole('button', { name: 'Show all 1000004 characters' }).click();
  expect(await page.locator('.tree').textContent()).toContain(`${'A'.repeat(1_000)}<b>⟦U+00E9⟧"`);
  await ada.rested();
  expect(await ada.approve.isDisabled()).toBe(true);
  await ada.scrollToEnd();
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
}, 60_000);
