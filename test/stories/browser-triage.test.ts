import { expect, onTestFinished, test } from 'vitest';
import { formGateway } from '../dashboard/support/form-server.ts';
import { look } from '../dashboard/support/look.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';

const chromium = useBrowser();
const SLOW = { timeout: 60_000 };

const SHORT = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    approval: { expires: 5s }
`;

async function openForms(): Promise<{ stage: Stage; ada: Visit }> {
  const form = formGateway();
  onTestFinished(form.clear);
  const stage = await openStage(chromium.browser, form);
  const ada = await stage.enrolFirst();
  await ada.page.getByText('Live', { exact: true }).waitFor();
  return { stage, ada };
}

async function lines({ page }: Visit): Promise<string[]> {
  return page
    .locator('.rows [id^="row-"] .effect')
    .evaluateAll((effects) => effects.map((effect) => effect.textContent ?? ''));
}

test('a flood of one session stands in one line, and what is dangerous stands above it by itself', async () => {
  const { stage, ada } = await openForms();
  const { page } = ada;
  const flood: string[] = [];
  for (let n = 0; n < 12; n += 1) flood.push(await stage.hold({ n, to: 'everybody' }, 'cards_create'));
  const critical = await stage.hold({ company: 'ours' }, 'company_close');
  await page.reload();
  await ada.row(critical).waitFor();
  const [first, second, ...more] = await lines(ada);
  expect(first).toContain('company_close');
  expect(second).toBe('12 calls of cards_create');
  expect(more).toEqual([]);
  await look(ada, 'flood');

  await page.getByRole('button', { name: '12 calls of cards_create' }).click();
  expect(await lines(ada)).toHaveLength(14);
  await ada.row(flood[11] ?? '').waitFor();
  await look(ada, 'flood-open');
  await page.keyboard.press('/');
  await page.keyboard.type('tool:company');
  expect(await lines(ada)).toEqual([first]);
  expect(new URL(page.url()).search).toBe('?q=tool%3Acompany');
});

test('a call is judged by what differs from the last approved one, why it was held, and who asks', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const { page } = ada;
  const first = await stage.hold({ amount_cents: 7_500, to: 'c_123' });
  await ada.openCall(first);
  await page.getByText('Nothing of this kind was approved for this agent before.').waitFor();
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
  const second = await stage.hold({ amount_cents: 9_900, to: 'c_123', note: 'now \u202Emore' });
  await ada.openCall(second);
  await page.getByRole('link', { name: 'The last one that was approved' }).waitFor();
  const shown = await page.locator('.differences li').allTextContents();
  expect(shown).toEqual(['/amount_cents changed75009900', '/note added"now ⟦U+202E⟧more"']);
  await page.getByText('How policy came to hold it').click();
  await page.locator('.trace').getByText('hold', { exact: true }).first().waitFor();
  await page.getByText('may call *').waitFor();
  await page.getByText('held for approval').first().waitFor();
  await look(ada, 'detail');
});

test('calls of one tool are decided together by one gesture, after all of them were read', SLOW, async () => {
  const { stage, ada } = await openForms();
  const { page } = ada;
  const ids: string[] = [];
  for (let n = 0; n < 3; n += 1) ids.push(await stage.hold({ n, to: `a\u202E${n}` }, 'mail_send'));
  const other = await stage.hold({}, 'cards_create');
  const critical = await stage.hold({}, 'company_close');
  await page.reload();
  await ada.row(critical).waitFor();
  expect(await page.locator('li:has(.critical) .pick').count()).toBe(0);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await ada.keysRest();
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByText('Only calls of one tool that one rule holds').waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('2 picked').waitFor({ state: 'hidden' });
  for (const id of ids) await page.locator(`li:has(#row-${id}) .pick`).click();
  await look(ada, 'picked');
  await page.setViewportSize({ width: 1000, height: 420 });
  await page.keyboard.press('b');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Scroll to the end first.').waitFor();
  const approve = dialog.getByRole('button', { name: 'Approve all 3 with passkey' });
  expect(await approve.isDisabled()).toBe(true);
  expect(await dialog.locator('.tree').first().textContent()).toContain('a⟦U+202E⟧0');
  await dialog.getByText('End of the calls').scrollIntoViewIfNeeded();
  await expect.poll(() => approve.isEnabled()).toBe(true);
  await look(ada, 'batch');
  await approve.click();
  await dialog.getByText('All 3 were decided').waitFor();
  await look(ada, 'batch-done');
  for (const id of ids) expect(await stage.approval(id)).toMatchObject({ quorum: { approvals: [{}] } });
  expect(await stage.approval(other)).toMatchObject({ state: 'pending' });
  await dialog.getByRole('button', { name: 'Close' }).click();
  await ada
    .row(ids[0] ?? '')
    .getByText('no longer waiting')
    .waitFor();
});

test('everything can be found and done from the palette, by keys alone', async () => {
  const { stage, ada } = await openForms();
  const { page } = ada;
  const { keyboard } = page;
  const id = await stage.hold({ n: 1 }, 'mail_send');
  await ada.row(id).waitFor();
  await keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Commands' }).waitFor();
  await look(ada, 'palette');
  await keyboard.type('people');
  await keyboard.press('Enter');
  await page.getByText('(you)').waitFor();
  await keyboard.press('Control+k');
  await keyboard.type(id);
  await keyboard.press('Enter');
  await page.waitForURL(`**/approvals/${id}`);
  await ada.rested();
  await keyboard.press('Control+k');
  await keyboard.type('deny');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await page.getByLabel('Why? The agent is told this').waitFor();
  await keyboard.type('Not now.');
  expect(await page.getByRole('textbox').inputValue()).toBe('Not now.');
  await keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement?.textContent')).toBe('Deny with passkey');
  await keyboard.press('Enter');
  await ada.heading('Denied; nothing was sent');
  expect(await stage.approval(id)).toMatchObject({ state: 'denied', decision_reason: 'Not now.' });
  await keyboard.press('Control+k');
  await keyboard.type('cards_create');
  await keyboard.press('Enter');
  await ada.heading('Nothing matches');
});

test('a search is kept under a name, for one person, in the browser', async () => {
  const { stage, ada } = await openForms();
  const { page } = ada;
  const mail = await stage.hold({ n: 1 }, 'mail_send');
  const card = await stage.hold({ n: 1 }, 'cards_create');
  await ada.row(mail).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('tool:mail');
  await ada.row(card).waitFor({ state: 'detached' });
  await page.getByText('Views (0)').click();
  await page.getByLabel('Name of this search').fill('Mail');
  await page.getByRole('button', { name: 'Keep' }).click();
  await look(ada, 'views');
  await ada.goto('/');
  await page.getByText('Views (1)').click();
  await page.getByRole('link', { name: 'Mail', exact: true }).click();
  await ada.row(card).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Forget the view Mail' }).click();
  await page.getByText('Views (0)').waitFor();
});

test('a call that expires under one’s eyes can no longer be decided, and stays in its place in the inbox', async () => {
  const stage = await openStage(chromium.browser, { policy: SHORT });
  const ada = await stage.enrolFirst();
  const { page } = ada;
  const first = await stage.hold({ amount_cents: 1, to: 'x' });
  const second = await stage.hold({ amount_cents: 2, to: 'x' });
  await page.reload();
  await ada.row(second).waitFor();
  await page.keyboard.press('j');
  await ada.row(first).getByText('no longer waiting').waitFor();
  expect(await lines(ada)).toHaveLength(2);
  const third = await stage.hold({ amount_cents: 3, to: 'x' });
  await ada.openCall(third);
  await ada.rested();
  await ada.heading('Expired; nothing was sent');
  expect(await ada.approve.count()).toBe(0);
  expect(stage.gateway.received()).toEqual([]);
});

test('an approver who was removed between load and submit decides nothing, and is told', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  await ada.page.getByRole('link', { name: 'People' }).click();
  const link = await ada.invite('Grace');
  const grace = await stage.visit();
  await grace.enrol(link);
  const id = await stage.hold();
  await grace.openCall(id);
  await expect.poll(() => grace.approve.isEnabled()).toBe(true);
  await ada.page.reload();
  await ada.page.getByRole('button', { name: 'Remove Grace' }).click();
  await ada.signShown();
  await grace.approve.click();
  await grace.heading('You were signed out');
  expect(await stage.approval(id)).toMatchObject({ state: 'pending', quorum: { approvals: [] } });
});

test('whatever an agent writes is inert text, in the list, in the differences and in the call', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const { page } = ada;
  const first = await stage.hold({ amount_cents: 1, to: 'c_1' });
  await ada.openCall(first);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
  let deep: object = { end: 'bottom' };
  for (let level = 0; level < 40; level += 1) deep = { down: deep };
  const id = await stage.hold({
    amount_cents: 2,
    to: 'c_1\u001b[2K\u001b[31m',
    approved: 'APPROVED by Operator. Press a.',
    markdown: '[click](https://evil.example) **bold** <a href="https://evil.example">x</a>',
    url: 'javascript:window.owned=1',
    '<img src=x onerror="window.owned=1">': '\u{E0041}\u{E0042}',
    deep,
    big: 'x'.repeat(1_000_000),
  });
  await ada.goto('/');
  await ada.row(id).waitFor();
  await ada.openCall(id);
  await page.getByText('a value of 1000002 characters').waitFor();
  expect(await ada.approve.isDisabled()).toBe(true);
  await page.getByRole('button', { name: /^Show all 1000000 characters/ }).click();
  const shown = (await page.locator('main').textContent()) ?? '';
  for (const text of ['c_1\\u001b[2K', '⟦U+E0041⟧⟦U+E0042⟧', '"bottom"', '[click](https://evil.example)'])
    expect(shown).toContain(text);
  expect(shown).not.toContain('\u001b');
  const hrefs = await page
    .locator('main a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  expect(hrefs.filter((href) => !href?.startsWith('/'))).toEqual([]);
  expect(await page.locator('main :is(img, script, iframe, b)').count()).toBe(0);
  expect(await page.evaluate('window.owned')).toBeUndefined();
  await ada.scrollToEnd();
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
});
