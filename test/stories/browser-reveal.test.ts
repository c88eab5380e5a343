import { expect, test } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';

const chromium = useBrowser();
const SLOW = { timeout: 90_000 };

const POLICY = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    when: args.amount_cents > 5
    approval: { groups: [finance] }
    redact: ["/to", "/card/number", "/absent", "result:/content", "result:/structuredContent/to"]
`;
const SECRET = 'very-secret-payee';
const PAY = { amount_cents: 7_500, card: { number: '4111', holder: 'Ann' }, to: SECRET };

async function open(): Promise<{ stage: Stage; ada: Visit; bob: Visit }> {
  const stage = await openStage(chromium.browser, { policy: POLICY });
  const ada = await stage.enrolFirst();
  await ada.goto('/people');
  const bob = await stage.visit();
  await bob.enrol(await ada.invite('Bob', 'finance'));
  return { stage, ada, bob };
}

async function told(stage: Stage, id: string): Promise<unknown[]> {
  const { body } = await stage.gateway.api('GET', `/v1/logs?approval=${id}&type=approval.revealed&order=asc`);
  return body.data.map((entry: any) => entry.body.what);
}

const textOf = async ({ page }: Visit): Promise<string> => (await page.locator('main').textContent()) ?? '';
const line = ({ page }: Visit, key: string) =>
  page.locator('.tree li').filter({ has: page.locator('.key', { hasText: key }) });

test(
  'a call is shown without what policy hides, and approved only once that was revealed and read',
  SLOW,
  async () => {
    const { stage, ada, bob } = await open();
    const { page } = bob;
    const requests: string[] = [];
    page.on('request', (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
    const id = await stage.hold(PAY);
    await bob.row(id).getByText('2 hidden values').waitFor();
    await look(bob, 'list');
    await bob.openCall(id);
    await bob.rested();
    expect(await textOf(bob)).not.toContain(SECRET);
    await page.getByText('Policy hides 2 values: /to, /card/number').waitFor();
    expect(await line(bob, 'to').textContent()).toBe('to hidden by policy');
    expect(await bob.approve.isDisabled()).toBe(true);
    const note = await bob.approve.getAttribute('aria-describedby');
    expect(await page.locator(`#${note}`).textContent()).toContain('Reveal the 2 hidden values first');
    expect(requests.filter((one) => one.endsWith('/reveal'))).toEqual([]);
    await look(bob, 'hidden');

    await ada.openCall(id);
    await ada.page.getByText('Only people who may decide this call now').waitFor();
    expect(await ada.page.getByRole('button', { name: 'Reveal' }).count()).toBe(0);
    await ada.page.keyboard.press('v');

    await page.setViewportSize({ width: 1280, height: 500 });
    await page.evaluate('window.scrollTo(0, 0)');
    await page.keyboard.press('v');
    await page.getByText('2 hidden values revealed to you').waitFor();
    expect(await line(bob, 'to').textContent()).toContain(`"${SECRET}"`);
    expect(await line(bob, 'number').textContent()).toContain('"4111"');
    expect(await told(stage, id)).toEqual(['arguments']);
    expect(await bob.approve.isDisabled()).toBe(true);
    await page.getByText('Scroll to the end of the call first.').waitFor();
    await look(bob, 'revealed');
    await bob.scrollToEnd();
    await bob.pressApprove();
    await bob.heading('Approved, sent once, and it succeeded');
    expect(stage.gateway.received()[0]).toContain(SECRET);

    const result = page.locator('.notice pre.result');
    expect(await result.textContent()).not.toContain(SECRET);
    await page.getByRole('button', { name: 'Reveal 2 hidden values' }).click();
    await expect.poll(() => result.textContent()).toContain(SECRET);
    expect(await told(stage, id)).toEqual(['arguments', 'result']);
    await page.getByText('hidden values of the result were revealed').waitFor();
    await page.getByText('hidden values were revealed', { exact: false }).first().waitFor();
    await look(bob, 'result');

    const next = await stage.hold({ ...PAY, amount_cents: 9_900, to: 'another' });
    await bob.openCall(next);
    await page.getByText('2 hidden values are not compared.').waitFor();
    expect(await page.locator('.differences li').allTextContents()).toEqual([
      '/amount_cents changed75009900',
    ]);
  },
);

test('denying needs no reveal, and where nothing is hidden nothing is asked', SLOW, async () => {
  const { stage, bob } = await open();
  const { page } = bob;
  const id = await stage.hold(PAY);
  await bob.openCall(id);
  await bob.rested();
  await page.keyboard.press('d');
  await page.getByRole('dialog').getByRole('textbox').fill('not this one');
  await page.getByRole('dialog').getByRole('button', { name: /^Deny/ }).click();
  await bob.heading('Denied; nothing was sent');
  expect(await told(stage, id)).toEqual([]);
  expect(await textOf(bob)).not.toContain(SECRET);

  const plain = await stage.hold({ amount_cents: 8 });
  await bob.openCall(plain);
  expect(await page.locator('.reveal').count()).toBe(0);
  await page.keyboard.press('v');
  await bob.pressApprove();
  await page
    .getByRole('heading', { name: /^Approved/ })
    .first()
    .waitFor();
  expect(await told(stage, plain)).toEqual([]);
});

test('a call that is not the one that was frozen is not shown when it is revealed', SLOW, async () => {
  const { stage, bob } = await open();
  const { page } = bob;
  const id = await stage.hold(PAY);
  await bob.openCall(id);
  await page.route(/\/reveal$/, async (route) => {
    const response = await route.fetch();
    const shown = await response.json();
    const call = { ...shown.call, text: shown.call.text.replace(SECRET, 'somebody-else') };
    await route.fulfill({ response, json: { ...shown, call } });
  });
  await page.getByRole('button', { name: 'Reveal 2 hidden values' }).click();
  const alert = page.getByRole('alert');
  await alert.getByText('the commitment differs').waitFor();
  expect(await textOf(bob)).not.toContain('somebody-else');
  expect(await bob.approve.isDisabled()).toBe(true);
});

test('calls are approved together only once all that is hidden in them was revealed', SLOW, async () => {
  const { stage, bob } = await open();
  const { page } = bob;
  const ids: string[] = [];
  for (const n of [1, 2, 3])
    ids.push(await stage.hold({ amount_cents: n * 100, ...(n === 3 ? {} : { to: `${SECRET}-${n}` }) }));
  // Those that come while others stand there wait to be shown.
  await page.reload();
  for (const id of ids) await bob.row(id).waitFor();
  await bob.keysRest();
  for (const id of ids) await page.locator(`li:has(#row-${id}) .pick`).click();
  await page.keyboard.press('b');
  const dialog = page.getByRole('dialog');
  const approve = dialog.getByRole('button', { name: 'Approve all 3 with passkey' });
  const deny = dialog.getByRole('button', { name: 'Deny all' });
  await dialog.getByText('End of the calls').scrollIntoViewIfNeeded();
  await dialog.getByText('Reveal the 2 hidden values first').waitFor();
  await look(bob, 'batch-hidden');
  await expect.poll(() => deny.isEnabled()).toBe(true);
  expect([await approve.isDisabled(), (await dialog.textContent())?.includes(SECRET)]).toEqual([true, false]);
  await dialog.getByRole('button', { name: 'Reveal 2 hidden values' }).click();
  await dialog.getByText(`"${SECRET}-2"`).waitFor();
  await look(bob, 'batch-revealed');
  expect(await Promise.all(ids.map((id) => told(stage, id)))).toEqual([['arguments'], ['arguments'], []]);
  await dialog.getByText('End of the calls').scrollIntoViewIfNeeded();
  await approve.click();
  await dialog.getByText('All 3 were decided').waitFor();
});
