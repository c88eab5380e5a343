import { expect, test } from 'vitest';
import { useScene } from './support/scene.ts';
import { enrolBy, openVisit } from './support/visit.ts';

const scene = useScene();

test('a person enrols by the link, which leaves the address bar, signs out and signs in again', async () => {
  await scene.enrolAda();
  expect(scene.ada.page.url()).toBe(`${scene.gateway.origin}/`);
  expect(await scene.ada.device.credentials()).toHaveLength(1);
  await scene.ada.page.getByRole('button', { name: 'Sign out' }).click();
  await scene.ada.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await scene.ada.page.getByText('Nothing waits for a decision').waitFor();
});

test('a call appears by itself, is approved with the passkey, and its result is shown as plain text', async () => {
  await scene.enrolAda();
  const id = scene.gateway.desk.hold();
  await scene.row(id).click();
  await scene.scrollToEnd();
  await scene.approve().click();
  await scene.ada.page.getByRole('heading', { name: 'Approved; the call is running' }).waitFor();
  expect(scene.gateway.desk.get(id)).toMatchObject({
    state: 'executing',
    quorum: { approvals: [{ decision: 'approve' }] },
  });
  const text = '{"content":[{"type":"text","text":"<img src=x onerror=alert(1)> \u202Eevil"}]}';
  scene.gateway.desk.change(id, { state: 'succeeded', result: { kind: 'result', text } });
  await scene.ada.page.getByRole('heading', { name: 'Approved, sent once, and it succeeded' }).waitFor();
  expect(await scene.ada.page.locator('.notice pre.result').textContent()).toContain(
    '<img src=x onerror=alert(1)> ⟦U+202E⟧evil',
  );
  expect(await scene.ada.page.locator('main img').count()).toBe(0);
});

test('a denial is signed too, with its reason', async () => {
  await scene.enrolAda();
  const id = scene.gateway.desk.hold();
  await scene.openCall(id);
  await scene.ada.page.getByRole('button', { name: 'Deny…' }).click();
  await scene.ada.page.getByLabel(/^Why\?/).fill('wrong customer');
  await scene.ada.page.getByRole('button', { name: 'Deny with passkey' }).click();
  await scene.ada.page.getByRole('heading', { name: 'Denied; nothing was sent' }).waitFor();
  await scene.ada.page.getByText('Reason: wrong customer').waitFor();
  expect(scene.gateway.desk.get(id)).toMatchObject({ state: 'denied', decision_reason: 'wrong customer' });
});

test('two people make a quorum of two; who has decided cannot decide again', async () => {
  await scene.enrolAda();
  await scene.ada.page.getByRole('link', { name: 'People' }).click();
  await scene.ada.page.getByLabel('Name', { exact: true }).fill('Grace');
  await scene.ada.page.getByLabel(/^Groups/).fill('finance');
  await scene.ada.page.getByRole('button', { name: 'Make a one-time link' }).click();
  const link = (await scene.ada.page.locator('code.link').textContent()) ?? '';
  const grace = await openVisit(scene.launched.browser, scene.gateway);
  await enrolBy(grace, link);
  const id = scene.gateway.desk.hold({ quorum: 2 });
  await scene.openCall(id);
  await scene.approve().click();
  await scene.ada.page.getByText('You have decided already').waitFor();
  expect(await scene.approve().isDisabled()).toBe(true);
  await scene.openCall(id, grace);
  await scene.approve(grace).click();
  await scene.ada.page.getByText('2 of 2 approvals').waitFor();
  expect(scene.gateway.desk.get(id).state).toBe('executing');
  expect(grace.faults).toEqual([]);
  await grace.close();
});

test('a person who is removed while the call is open decides nothing and is signed out', async () => {
  await scene.enrolAda();
  const { deps } = scene.gateway.office;
  const [person] = await deps.database.query({ sql: 'SELECT id FROM person', params: [] });
  const id = scene.gateway.desk.hold();
  await scene.openCall(id);
  await expect.poll(() => scene.approve().isEnabled()).toBe(true);
  await deps.ledger.commit({
    guard: {
      sql: 'UPDATE person SET removed_at = 1 WHERE id = ? RETURNING id',
      params: [String(person?.id)],
    },
    entries: [],
  });
  await scene.approve().click();
  await scene.ada.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  expect(scene.gateway.desk.get(id).state).toBe('pending');
});

test('long values must be shown and the end must be seen before Approve can be pressed', async () => {
  await scene.enrolAda();
  const long = `${'x'.repeat(1_000)}THE_END`;
  const id = scene.gateway.desk.hold({
    args: { body: long, lines: Array.from({ length: 100 }, (_, n) => `line ${n}`) },
  });
  await scene.ada.page.goto(`${scene.gateway.origin}/approvals/${id}`);
  await scene.ada.page.getByText('Unfold the arguments first: 2 parts are still folded.').waitFor();
  await scene.scrollToEnd();
  await scene.rested();
  expect(await scene.approve().isDisabled()).toBe(true);
  await scene.ada.page.evaluate('window.scrollTo(0, 0)');
  expect(await scene.ada.page.locator('.tree').textContent()).not.toContain('THE_END');
  expect(await scene.ada.page.locator('.tree').textContent()).toMatch(/sha256 [0-9a-f]{64}/);
  await scene.ada.page.getByRole('button', { name: 'Show all 1007 characters' }).click();
  await scene.ada.page.getByRole('button', { name: 'Show all 100 items' }).click();
  await scene.ada.page.getByText('Scroll to the end of the call first.').waitFor();
  await scene.rested();
  await scene.ada.page.keyboard.press('a');
  expect(await scene.approve().isDisabled()).toBe(true);
  expect(await scene.approve().textContent()).toBe('Approve with passkey');
  expect(await scene.ada.page.locator('.tree').textContent()).toContain('THE_END');
  await scene.scrollToEnd();
  await scene.ada.page.getByText('Your passkey signs exactly').waitFor();
  await scene.approve().click();
  await scene.ada.page.getByRole('heading', { name: /call is running/ }).waitFor();
});

test('what hides in the arguments is shown as code points, and look-alikes are named', async () => {
  await scene.enrolAda();
  const args = {
    to: 'p\u0430ypal',
    note: 'a\u202Eb\u200Bc\u{E0041}',
    'k\u0435y': '<script>alert(1)</script>',
    own: '⟦U+0041⟧',
  };
  const id = scene.gateway.desk.hold({ args });
  await scene.openCall(id);
  const tree = () => scene.ada.page.locator('.tree').textContent();
  expect(await tree()).toContain('"p⟦U+0430⟧ypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
  expect(await tree()).toContain('"<script>alert(1)</script>"');
  expect(await tree()).toContain('"⟦U+27E6⟧U+0041⟦U+27E7⟧"');
  await scene.ada.page.getByText('mixes Latin and Cyrillic').first().waitFor();
  await scene.ada.page.getByLabel('Show Unicode').check();
  expect(await tree()).toContain('"pаypal"');
  expect(await tree()).toContain('"a⟦U+202E⟧b⟦U+200B⟧c⟦U+E0041⟧"');
});

test('the whole journey works by keyboard alone, and a held key approves nothing', async () => {
  await scene.enrolAda();
  scene.gateway.desk.hold({ args: { amount_cents: 6000, invoice_id: 'inv_1' } });
  const second = scene.gateway.desk.hold({
    args: { amount_cents: 9000, invoice_id: 'inv_2' },
    risk: 'critical',
  });
  await scene.ada.page.getByText('inv_2').waitFor();
  await scene.ada.page.getByRole('button', { name: '1 new' }).or(scene.row(second)).first().waitFor();
  const { keyboard } = scene.ada.page;
  await keyboard.press('?');
  await scene.ada.page.getByRole('heading', { name: 'Keys' }).waitFor();
  await keyboard.press('Escape');
  await keyboard.press('/');
  await keyboard.type('risk:critical');
  await keyboard.press('Escape');
  await keyboard.press('j');
  await expect.poll(() => scene.ada.page.evaluate('document.activeElement?.id')).toBe(`row-${second}`);
  await scene.ada.page.evaluate('new Promise((done) => setTimeout(done, 600))');
  await keyboard.press('Enter');
  await scene.ada.page.getByText('Scroll to the end of the call first.').waitFor();
  await keyboard.press('End');
  await scene.ada.page.getByText('Your passkey signs exactly').waitFor();
  await expect.poll(() => scene.approve().isEnabled()).toBe(true);
  await scene.ada.page.evaluate(
    `window.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', repeat: true }))`,
  );
  expect(scene.gateway.desk.get(second).state).toBe('pending');
  await keyboard.press('a');
  await scene.ada.page.getByRole('heading', { name: /call is running/ }).waitFor();
  await keyboard.press('g');
  await keyboard.press('i');
  await scene.ada.page.getByRole('heading', { name: 'Inbox' }).waitFor();
});

test('an approval that is not there says so, with a way on', async () => {
  await scene.enrolAda();
  await scene.ada.page.goto(`${scene.gateway.origin}/approvals/apr_none`);
  await scene.ada.page.getByRole('heading', { name: 'There is no such call' }).waitFor();
  await scene.ada.page.getByRole('link', { name: '← Inbox' }).click();
  await scene.ada.page.getByText('Nothing waits for a decision').waitFor();
});
