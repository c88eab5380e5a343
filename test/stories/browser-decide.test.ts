import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { sliceMembers } from '../../src/core/json-slice.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();

/** The digest of the call as the approver knows it, from the bytes that the server received. */
function digestOfReceived(params: string): string {
  const span = sliceMembers(params)?.get('arguments');
  const args = params.slice(span?.start, span?.end);
  const call = `{"arguments":${args},"server":"oracle","tool":${JSON.stringify(JSON.parse(params).name)}}`;
  return `sha256:${createHash('sha256').update(call).digest('hex')}`;
}

const LONG = `${'0123456789'.repeat(2_048)}THE_END`;
const TO = `p\u0430ypal \u202Eevil\u202C z\u200Bw <img src=x onerror="window.owned=1"><script>window.owned=1</script> ${LONG}`;
const SHOWN_TO = `p⟦U+0430⟧ypal ⟦U+202E⟧evil⟦U+202C⟧ z⟦U+200B⟧w <img src=x onerror=\\"window.owned=1\\"><script>window.owned=1</script> ${LONG}`;

it('a hostile call appears live, is shown whole and inert, and what was shown is what is sent after a passkey approved', async () => {
  const stage = await openStage(chromium.browser);
  const { page, ...ada } = await stage.enrolFirst();
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate('window.loadedOnce = true');
  const id = await stage.hold({ amount_cents: 7500, to: TO });
  await ada.row(id).waitFor();
  await page.keyboard.press('j');
  await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe(`row-${id}`);
  await ada.keysRest();
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/approvals/${id}`);
  expect(await page.evaluate('window.loadedOnce')).toBe(true);

  await page.getByText('Unfold the arguments first: 1 part is still folded.').waitFor();
  await ada.scrollToEnd();
  await ada.rested();
  expect(await ada.approve.isDisabled()).toBe(true);
  await page.getByRole('button', { name: /^Show all \d+ characters/ }).press('Enter');
  expect(await page.locator('.tree').textContent()).toContain(`"${SHOWN_TO}"`);
  const value = page.locator('.tree .value').last();
  expect(await value.isVisible()).toBe(true);
  expect((await value.boundingBox())?.height).toBeGreaterThan(1_000);
  await page.getByText('mixes Latin and Cyrillic').first().waitFor();
  const digest = await page.locator('.digest', { hasText: /^call sha256:/ }).textContent();
  await ada.scrollToEnd();

  const waiting = stage.call('approval_wait', { approval_id: id });
  expect(stage.gateway.received()).toEqual([]);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
  const result = await page.locator('.notice pre.result').textContent();
  expect(result).toContain('paid 7500 cents to p⟦U+0430⟧ypal ⟦U+202E⟧evil');
  expect(result).toContain('THE_END');
  expect(await page.locator('main :is(img, script, iframe)').count()).toBe(0);
  expect(await page.evaluate('window.owned')).toBeUndefined();

  const told = await waiting;
  expect(told.isError ?? false).toBe(false);
  expect(told.structuredContent).toEqual({ paid_cents: 7500, to: TO });
  const [received = '', ...more] = stage.gateway.received();
  expect(more).toEqual([]);
  expect(`call ${digestOfReceived(received)}`).toBe(digest);
  expect(await stage.call('pay', { amount_cents: 7500, to: TO })).toEqual(told);
});

it('a call is denied with a reason by keyboard alone, and the agent is told the reason', async () => {
  const stage = await openStage(chromium.browser);
  const { page, ...ada } = await stage.enrolFirst();
  const other = await stage.hold({ amount_cents: 1, to: 'c_1' });
  await ada.row(other).waitFor();
  const id = await stage.hold({ amount_cents: 2, to: 'c_2' });
  await page.getByRole('button', { name: '1 new' }).focus();
  const { keyboard } = page;
  await keyboard.press('Enter');
  await ada.row(id).waitFor();
  await keyboard.press('?');
  await ada.heading('Keys');
  await keyboard.press('Escape');
  await keyboard.press('/');
  await keyboard.type('c_2');
  await keyboard.press('Escape');
  await keyboard.press('j');
  await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe(`row-${id}`);
  await ada.keysRest();
  await keyboard.press('Enter');
  await page.waitForURL(`**/approvals/${id}`);
  await ada.rested();
  await keyboard.press('d');
  await expect.poll(() => page.evaluate('document.activeElement?.id')).toBe('reason');
  await keyboard.type('Wrong customer, see <b>ticket</b> 7.');
  await keyboard.press('Tab');
  const waiting = stage.call('approval_wait', { approval_id: id });
  await keyboard.press('Enter');
  await ada.heading('Denied; nothing was sent');
  await page.getByText('Reason: Wrong customer, see <b>ticket</b> 7.').waitFor();
  const told = await waiting;
  expect(told).toMatchObject({ isError: true, structuredContent: { status: 'denied' } });
  expect(told.content[0].text).toContain('Wrong customer, see <b>ticket</b> 7.');
  await keyboard.press('g');
  await keyboard.press('i');
  await ada.heading('Inbox');
  await ada.row(other).waitFor();
  expect(stage.gateway.received()).toEqual([]);
});

/** Notes for each change of the bar with the buttons when it was, whether Approve rests and whether all was read. */
const WATCH_BAR = `{
  window.moments = [];
  const bar = document.querySelector('.decide');
  new MutationObserver(() => {
    const rests = bar.querySelector('.primary').disabled;
    const read = bar.querySelector('#approve-note').textContent.startsWith('Your passkey');
    window.moments.push({ at: performance.now(), rests, read });
  }).observe(bar, { subtree: true, attributes: true, childList: true, characterData: true });
}`;

it('a call is approved by keyboard alone once its end was seen, and a held key approves nothing', async () => {
  const stage = await openStage(chromium.browser);
  const { page, ...ada } = await stage.enrolFirst();
  const id = await stage.hold();
  await ada.goto(`/approvals/${id}`);
  await page.setViewportSize({ width: 1000, height: 300 });
  await page.reload();
  await page.getByText('Scroll to the end of the call first.').waitFor();
  await ada.rested();
  await page.evaluate(WATCH_BAR);
  await page.keyboard.press('End');
  await page.getByText('Your passkey signs exactly').waitFor();
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
  const moments = await page.evaluate<{ at: number; rests: boolean; read: boolean }[]>('window.moments');
  const [read, ready] = [moments.find((one) => one.read), moments.find((one) => !one.rests)];
  expect(Number(ready?.at) - Number(read?.at)).toBeGreaterThan(400);
  await page.evaluate(`window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', repeat: true }))`);
  expect(await ada.approve.textContent()).toBe('Approve with passkey');
  expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
  await page.keyboard.press('a');
  await ada.heading('Approved, sent once, and it succeeded');
  expect(stage.gateway.received()).toHaveLength(1);
});
