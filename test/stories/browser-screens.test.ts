import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { formGateway, LONG_TOOL } from '../dashboard/support/form-server.ts';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();
const ARGS = {
  amount_cents: 7500,
  invoice_id: 'inv_0001',
  reason: 'Customer \u202Eevil asked; p\u0430ypal',
  nested: { list: [1, true, null, { deep: 'x'.repeat(60) }], empty: {} },
  body: 'lorem ipsum '.repeat(60),
  [`long_${'k'.repeat(200)}`]: 'y'.repeat(300),
};

it('every screen is accessible and fits desktop and phone, light and dark', { timeout: 60_000 }, async () => {
  const form = formGateway();
  onTestFinished(form.clear);
  const stage = await openStage(chromium.browser, form);
  const visit = await stage.visit();
  const { page } = visit;
  const enrolUrl = stage.gateway.app.enrolUrl ?? '';
  await page.goto(enrolUrl);
  await page.getByRole('button', { name: 'Make a passkey' }).waitFor();
  await look(visit, '01-enrol');
  await visit.goto('/sign-in');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await look(visit, '02-sign-in');
  await visit.enrol(enrolUrl);
  await visit.heading('Nothing waits for a decision');
  await page.getByText('Live', { exact: true }).waitFor();
  await look(visit, '03-empty');
  await page.goto(enrolUrl);
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await visit.heading('No passkey was enrolled');
  await look(visit, '04-used-link');

  await visit.goto('/');
  await stage.hold({ to: 'ada@example.com' }, 'mail_send');
  await stage.hold({ name: 'example.com' }, LONG_TOOL);
  const id = await stage.hold(ARGS, 'company_close');
  await page.reload();
  await visit.row(id).waitFor();
  await page.keyboard.press('j');
  await stage.hold({}, 'cards_create');
  await page.getByRole('button', { name: '1 new' }).waitFor();
  await look(visit, '05-inbox');
  await page.keyboard.press('/');
  await page.keyboard.type('risk:none');
  await visit.heading('Nothing matches');
  await look(visit, '06-no-match');

  await visit.goto(`/approvals/${id}`);
  await page.getByRole('button', { name: 'Show all 720 characters' }).waitFor();
  await look(visit, '07-folded');
  await page.getByRole('button', { name: 'Show all 720 characters' }).click();
  await visit.scrollToEnd();
  await expect.poll(() => visit.approve.isEnabled()).toBe(true);
  await look(visit, '08-approval');
  await page.getByRole('button', { name: 'Deny…' }).click();
  await look(visit, '09-deny');
  await page.getByRole('button', { name: 'Back' }).click();
  await visit.pressApprove();
  await page.getByText('You have decided already').waitFor();
  await look(visit, '10-one-of-two');

  const crashed = await stage.hold({}, 'crash');
  await visit.openCall(crashed);
  await visit.pressApprove();
  await page.getByLabel('How you know').waitFor();
  await look(visit, '11-unknown');
  const paid = await stage.hold();
  await visit.openCall(paid);
  await visit.pressApprove();
  await visit.heading('Approved, sent once, and it succeeded');
  await look(visit, '12-succeeded');
  await page.getByRole('link', { name: 'History' }).click();
  await visit.row(paid).waitFor();
  await look(visit, '13-history');
  await page.getByRole('link', { name: 'People' }).click();
  await visit.invite('Grace');
  await look(visit, '14-people');
  await page.getByRole('heading', { name: 'People' }).click();
  await page.keyboard.press('?');
  await visit.heading('Keys');
  await look(visit, '15-keys');
  await visit.goto('/approvals/apr_none');
  await visit.heading('There is no such call');
  await look(visit, '16-missing');
  await page.getByRole('link', { name: '← Inbox' }).click();
  await visit.row(id).waitFor();
  await page.context().clearCookies();
  await page.getByRole('link', { name: 'History' }).click();
  await visit.heading('You were signed out');
  await look(visit, '17-signed-out');
});

it('no other site can frame the page or reach into its window, and it runs no string as markup', async () => {
  const stage = await openStage(chromium.browser);
  const { origin } = stage.gateway.app;
  const foreign = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>foreign</title><iframe src="${origin}/"></iframe>`);
  });
  await new Promise<void>((resolve) => foreign.listen(0, 'localhost', resolve));
  onTestFinished(() => void foreign.close());
  const context = await chromium.browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();

  for (const path of ['/', '/enrol', '/sign-in', '/people', '/history', '/approvals/apr_1']) {
    const headers = (await page.goto(`${origin}${path}`))?.headers() ?? {};
    expect(headers, path).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  }
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await expect(page.evaluate(`document.body.innerHTML = '<b>owned</b>'`)).rejects.toThrow(/TrustedHTML/);

  await page.goto(`http://localhost:${(foreign.address() as AddressInfo).port}/`);
  const [, framed] = page.frames();
  expect(framed?.url()).toMatch(/^chrome-error:/);
  const popup = context.waitForEvent('page');
  await page.evaluate(`window.opened = window.open('${origin}/')`);
  const other = await popup;
  await other.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  expect(await other.evaluate('window.opener')).toBeNull();
  expect(await page.evaluate('window.opened.closed')).toBe(true);
});
