import { expect, it } from 'vitest';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { BASE_POLICY } from '../support/gateway.ts';

const chromium = useBrowser();
const TWO = BASE_POLICY.replace('risk: high', 'risk: high\n    approval: { quorum: 2 }');

it('the first person enrols by the one-time link, which then works for nobody else and says so', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  expect(ada.page.url()).toBe(`${stage.gateway.app.origin}/`);
  expect(await ada.device.credentials()).toHaveLength(1);
  await ada.heading('Nothing waits for a decision');
  await ada.page
    .getByText('When an agent makes a call that policy holds, it appears here at once.')
    .waitFor();

  const mallory = await stage.visit();
  await mallory.page.goto(stage.gateway.app.enrolUrl ?? '');
  await mallory.page.getByRole('button', { name: 'Make a passkey' }).click();
  await mallory.heading('No passkey was enrolled');
  await mallory.page.getByText('This link is used, expired or withdrawn.').waitFor();
  expect(await mallory.device.credentials()).toEqual([]);
  await mallory.goto('/');
  await mallory.page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
});

it('who signs out and in again with the passkey finds in the history what was decided', async () => {
  const stage = await openStage(chromium.browser);
  const { page, ...ada } = await stage.enrolFirst();
  const paid = await stage.hold();
  await ada.openCall(paid);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
  const crashed = await stage.hold({}, 'crash');
  await ada.openCall(crashed);
  await ada.pressApprove();
  await ada.heading('Sent, but what came of it is unknown');
  await page.getByLabel('It did not happen').check();
  await page.getByLabel('How you know').fill('The bank shows nothing.');
  await page.getByRole('button', { name: 'Record' }).click();
  await ada.heading('Approved, sent once, and it failed');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await ada.goto(`/approvals/${paid}`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await ada.heading('Approved, sent once, and it succeeded');
  await page.getByRole('link', { name: 'History' }).click();
  await ada.row(paid).getByText('succeeded').waitFor();
  await ada.row(crashed).getByText('failed').waitFor();
  await ada.row(crashed).click();
  await page.getByText('The bank shows nothing.').waitFor();
});

it('a second person enrols by the link of the first, and both must approve where policy asks for two', async () => {
  const stage = await openStage(chromium.browser, { policy: TWO });
  const ada = await stage.enrolFirst();
  await ada.page.getByRole('link', { name: 'People' }).click();
  const link = await ada.invite('Grace', 'finance, board');
  const grace = await stage.visit();
  await grace.enrol(link);
  await ada.page.reload();
  await ada.page.getByText('Groups: finance, board · 1 passkey').waitFor();

  const id = await stage.hold();
  await ada.openCall(id);
  await ada.pressApprove();
  await ada.page.getByText('1 of 2 approvals').waitFor();
  await ada.page.getByText('You have decided already').waitFor();
  expect(await ada.approve.count()).toBe(0);
  expect(stage.gateway.received()).toEqual([]);

  await grace.row(id).getByText('1 of 2 approvals').waitFor();
  await grace.row(id).click();
  await grace.scrollToEnd();
  await grace.pressApprove();
  for (const { page, heading } of [grace, ada]) {
    await heading('Approved, sent once, and it succeeded');
    await page.getByText('2 of 2 approvals').waitFor();
  }
  expect(stage.gateway.received()).toHaveLength(1);
});

it('a person who is removed while a call is open decides nothing, is told so, and cannot sign in', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  await ada.page.getByRole('link', { name: 'People' }).click();
  const grace = await stage.visit();
  await grace.enrol(await ada.invite('Grace'));
  const id = await stage.hold();
  await grace.openCall(id);
  await expect.poll(() => grace.approve.isEnabled()).toBe(true);

  await ada.page.reload();
  await ada.page.getByRole('button', { name: 'Remove Grace' }).click();
  await ada.page.getByText('Remove Grace. Their passkeys, sign-ins and open invites end at once.').waitFor();
  await ada.signShown();
  await expect.poll(() => ada.page.getByText('Grace').count()).toBe(0);

  await grace.approve.click();
  await grace.heading('You were signed out');
  await grace.page.getByText('nothing more was done with it').waitFor();
  await grace.page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await grace.heading('You are not signed in');
  await grace.page.getByText('This passkey is not enrolled here').waitFor();
  expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
  expect(stage.gateway.received()).toEqual([]);
});

it('a call that expires under the eyes of the approver says so and cannot be approved', async () => {
  const stage = await openStage(chromium.browser, {
    policy: BASE_POLICY.replace('risk: high', 'risk: high\n    approval: { expires: 3s }'),
  });
  const ada = await stage.enrolFirst();
  const id = await stage.hold();
  await ada.openCall(id);
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
  await ada.heading('Expired; nothing was sent');
  expect(await ada.approve.count()).toBe(0);
  expect(await stage.approval(id)).toMatchObject({ state: 'expired' });
  expect(stage.gateway.received()).toEqual([]);
});

it('a call whose time is over by the clock of the page is closed there before the gateway tells', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const id = await stage.hold();
  await ada.openCall(id);
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
  const { expires_at } = await stage.approval(id);
  await ada.page.clock.setFixedTime(expires_at);
  await ada.page.getByText('This call has expired.').waitFor();
  expect(await ada.approve.isDisabled()).toBe(true);
  await ada.page.keyboard.press('a');
  expect(await ada.approve.textContent()).toBe('Approve with passkey');
});

it('a call whose session was revoked meanwhile ends void, with the reason on the page', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  const id = await stage.hold();
  await ada.openCall(id);
  const { session } = await stage.approval(id);
  const revoked = await stage.gateway.api('POST', `/v1/sessions/${session.id}/revoke`, { reason: 'leaked' });
  expect(revoked.status).toBe(200);
  await ada.pressApprove();
  await ada.heading('Void: something changed after the approval; nothing was sent');
  await ada.page
    .getByText(/session .*(?:revoked|ended)/i)
    .first()
    .waitFor();
  expect(await stage.approval(id)).toMatchObject({
    state: 'void',
    state_reason: expect.stringMatching(/session/),
  });
  expect(stage.gateway.received()).toEqual([]);
});
