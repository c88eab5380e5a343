import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LaunchedBrowser, launchBrowser } from '../support/browser.ts';
import { type FakeGateway, openFakeGateway } from './support/fake-gateway.ts';
import { enrolBy, openVisit, type Visit } from './support/visit.ts';

let launched: LaunchedBrowser;
let gateway: FakeGateway;
let ada: Visit;
beforeAll(async () => {
  launched = await launchBrowser();
});
afterAll(async () => launched.close());
beforeEach(async () => {
  gateway = await openFakeGateway();
  ada = await openVisit(launched.browser, gateway);
});
afterEach(async () => {
  const faults = [...ada.faults];
  await ada.close();
  await gateway.close();
  expect(faults).toEqual([]);
});

const enrolAda = async () => enrolBy(ada, await gateway.enrolUrl());
const approve = (visit: Visit) => visit.page.getByRole('button', { name: 'Approve with passkey' });
const row = (id: string) => ada.page.locator(`#row-${id}`);
async function openCall(id: string, visit = ada): Promise<void> {
  await visit.page.goto(`${gateway.origin}/approvals/${id}`);
  await visit.page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded();
}

test('a person enrols by the link, which leaves the address bar, signs out and signs in again', async () => {
  await enrolAda();
  expect(ada.page.url()).toBe(`${gateway.origin}/`);
  expect(await ada.device.credentials()).toHaveLength(1);
  await ada.page.getByRole('button', { name: 'Sign out' }).click();
  await ada.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await ada.page.getByText('Nothing waits for a decision').waitFor();
});

test('a call appears by itself, is approved with the passkey, and its result is shown as plain text', async () => {
  await enrolAda();
  const id = gateway.desk.hold();
  await row(id).click();
  await ada.page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded();
  await approve(ada).click();
  await ada.page.getByRole('heading', { name: 'Approved; the call is running' }).waitFor();
  expect(gateway.desk.get(id)).toMatchObject({
    state: 'executing',
    quorum: { approvals: [{ decision: 'approve' }] },
  });
  const text = '{"content":[{"type":"text","text":"<img src=x onerror=alert(1)> \u202Eevil"}]}';
  gateway.desk.change(id, { state: 'succeeded', result: { kind: 'result', text } });
  await ada.page.getByRole('heading', { name: 'Approved, sent once, and it succeeded' }).waitFor();
  await expect(ada.page.locator('pre.result').first().textContent()).resolves.toContain(
    '<img src=x onerror=alert(1)> ⟦U+202E⟧evil',
  );
  expect(await ada.page.locator('main img').count()).toBe(0);
});

test('a denial is signed too, with its reason', async () => {
  await enrolAda();
  const id = gateway.desk.hold();
  await openCall(id);
  await ada.page.getByRole('button', { name: 'Deny…' }).click();
  await ada.page.getByLabel(/^Why\?/).fill('wrong customer');
  await ada.page.getByRole('button', { name: 'Deny with passkey' }).click();
  await ada.page.getByRole('heading', { name: 'Denied; nothing was sent' }).waitFor();
  await ada.page.getByText('Reason: wrong customer').waitFor();
  expect(gateway.desk.get(id)).toMatchObject({ state: 'denied', decision_reason: 'wrong customer' });
});

test('two people make a quorum of two; who has decided cannot decide again', async () => {
  await enrolAda();
  await ada.page.getByRole('link', { name: 'People' }).click();
  await ada.page.getByLabel('Name', { exact: true }).fill('Grace');
  await ada.page.getByLabel(/^Groups/).fill('finance');
  await ada.page.getByRole('button', { name: 'Make a one-time link' }).click();
  const link = (await ada.page.locator('code.link').textContent()) ?? '';
  const grace = await openVisit(launched.browser, gateway);
  await enrolBy(grace, link);
  const id = gateway.desk.hold({ quorum: 2 });
  await openCall(id);
  await approve(ada).click();
  await ada.page.getByText('You have decided already').waitFor();
  expect(await approve(ada).isDisabled()).toBe(true);
  await openCall(id, grace);
  await approve(grace).click();
  await ada.page.getByText('2 of 2 approvals').waitFor();
  expect(gateway.desk.get(id).state).toBe('executing');
  expect(grace.faults).toEqual([]);
  await grace.close();
});

test('a person who is removed while the call is open decides nothing and is signed out', async () => {
  await enrolAda();
  const first = gateway.office;
  const [person] = await first.deps.database.query({ sql: 'SELECT id FROM person', params: [] });
  const id = gateway.desk.hold();
  await openCall(id);
  await approve(ada).isEnabled();
  await first.deps.ledger.commit({
    guard: {
      sql: 'UPDATE person SET removed_at = 1 WHERE id = ? RETURNING id',
      params: [String(person?.id)],
    },
    entries: [],
  });
  await approve(ada).click();
  await ada.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  expect(gateway.desk.get(id).state).toBe('pending');
});

test('long values must be shown and the end must be seen before Approve can be pressed', async () => {
  await enrolAda();
  const long = `${'x'.repeat(1_000)}THE_END`;
  const id = gateway.desk.hold({
    args: { body: long, lines: Array.from({ length: 100 }, (_, n) => `line ${n}`) },
  });
  await ada.page.goto(`${gateway.origin}/approvals/${id}`);
  await ada.page.getByText('Show all 2 folded parts of the arguments first.').waitFor();
  expect(await ada.page.locator('.tree').textContent()).not.toContain('THE_END');
  expect(await ada.page.locator('.tree').textContent()).toMatch(/sha256 [0-9a-f]{64}/);
  await ada.page.getByRole('button', { name: 'Show all 1007 characters' }).click();
  await ada.page.getByRole('button', { name: 'Show all 100 items' }).click();
  await ada.page.getByText('Scroll to the end of the call first.').waitFor();
  expect(await approve(ada).isDisabled()).toBe(true);
  expect(await ada.page.locator('.tree').textContent()).toContain('THE_END');
  await ada.page.getByText('End of the call', { exact: true }).scrollIntoViewIfNeeded();
  await ada.page.getByText('Your passkey signs exactly').waitFor();
  await approve(ada).click();
  await ada.page.getByRole('heading', { name: /call is running/ }).waitFor();
});

test('what hides in the arguments is shown as code points, and look-alikes are named', async () => {
  await enrolAda();
  const args = {
    to: 'p\u0430ypal',
    note: 'a\u202Eb\u200Bc\u{E0041}',
    'k\u0435y': '<script>alert(1)</script>',
    own: '⟦U+0041⟧',
  };
  const id = gateway.desk.hold({ args });
  await openCall(id);
  const tree = () => ada.page.locator('.tree').textContent();
  expect(await tree()).toContain('"p⟦U+0430⟧ypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
  expect(await tree()).toContain('"<script>alert(1)</script>"');
  expect(await tree()).toContain('"⟦U+27E6⟧U+0041⟦U+27E7⟧"');
  await ada.page.getByText('mixes Latin and Cyrillic').first().waitFor();
  await ada.page.getByLabel('Show Unicode').check();
  expect(await tree()).toContain('"pаypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
});

test('the whole journey works by keyboard alone, and a held key approves nothing', async () => {
  await enrolAda();
  gateway.desk.hold({ args: { amount_cents: 6000, invoice_id: 'inv_1' } });
  const second = gateway.desk.hold({ args: { amount_cents: 9000, invoice_id: 'inv_2' }, risk: 'critical' });
  await ada.page.getByText('inv_2').waitFor();
  await ada.page.getByRole('button', { name: '1 new' }).or(row(second)).first().waitFor();
  const { keyboard } = ada.page;
  await keyboard.press('?');
  await ada.page.getByRole('heading', { name: 'Keys' }).waitFor();
  await keyboard.press('Escape');
  await keyboard.press('/');
  await keyboard.type('risk:critical');
  await keyboard.press('Escape');
  await keyboard.press('j');
  await expect.poll(() => ada.page.evaluate('document.activeElement?.id')).toBe(`row-${second}`);
  await ada.page.evaluate('new Promise((done) => setTimeout(done, 600))');
  await keyboard.press('Enter');
  await ada.page.getByText('Scroll to the end of the call first.').waitFor();
  await keyboard.press('End');
  await ada.page.getByText('Your passkey signs exactly').waitFor();
  await expect.poll(() => approve(ada).isEnabled()).toBe(true);
  await ada.page.evaluate(`window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', repeat: true }))`);
  expect(gateway.desk.get(second).state).toBe('pending');
  await keyboard.press('a');
  await ada.page.getByRole('heading', { name: /call is running/ }).waitFor();
  await keyboard.press('g');
  await keyboard.press('i');
  await ada.page.getByRole('heading', { name: 'Inbox' }).waitFor();
});

test('an approval that is not there says so, with a way on', async () => {
  await enrolAda();
  await ada.page.goto(`${gateway.origin}/approvals/apr_none`);
  await ada.page.getByRole('heading', { name: 'There is no such call' }).waitFor();
  await ada.page.getByRole('link', { name: '← Inbox' }).click();
  await ada.page.getByText('Nothing waits for a decision').waitFor();
});
