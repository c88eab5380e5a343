import { expect, it, onTestFinished } from 'vitest';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { startReceiver } from '../support/receiver.ts';

const chromium = useBrowser();

it('the link of a message opens the dialog to deny after signing in, and a forged one only the call', async () => {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  const stage = await openStage(chromium.browser, {
    settings: {
      webhooks: { allow: [receiver.party] },
      channels: { ops: { type: 'ntfy', url: `http://${receiver.party}/ops` } },
    },
  });
  const { page, ...ada } = await stage.enrolFirst();
  const id = await stage.hold();
  await expect.poll(() => receiver.messages.length, { timeout: 10_000 }).toBe(1);
  const { actions } = JSON.parse(receiver.messages[0]?.body ?? '');
  const [open, deny] = actions.map((one: { url: string }) => one.url);
  expect(open).toBe(`${stage.gateway.app.origin}/approvals/${id}`);

  const denyWith = page.getByRole('button', { name: 'Deny with passkey' });
  await page.goto(`${open}?deny=${'A'.repeat(43)}`);
  await page.getByRole('button', { name: 'Deny…' }).waitFor();
  await page.waitForLoadState('networkidle');
  expect(await denyWith.count()).toBe(0);

  await page.context().clearCookies();
  await page.goto(deny);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await denyWith.waitFor();
  expect(await ada.approve.count()).toBe(0);
  expect((await stage.approval(id)).state).toBe('pending');
  await page.getByLabel(/^Why\?/).fill('Not this week.');
  await denyWith.click();
  await expect.poll(async () => (await stage.approval(id)).state).toBe('denied');
  expect((await stage.approval(id)).decision_reason).toBe('Not this week.');
});
