import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';

const chromium = useBrowser();

const policyWith = (approval: string): string => `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: critical
    reason: Money leaves the company.
    approval: { ${approval} }
`;

it('two people break the glass behind a control of its own, with a reason, and the page says who and why', {
  timeout: 60_000,
}, async () => {
  const stage = await openStage(chromium.browser, { policy: policyWith('groups: [board], quorum: 3') });
  const ada = await stage.enrolFirst();
  await ada.page.getByRole('link', { name: 'People' }).click();
  const [bob, cleo] = [await stage.visit(), await stage.visit()];
  await bob.enrol(await ada.invite('Bob', 'break-glass'));
  await cleo.enrol(await ada.invite('Cleo', 'break-glass'));
  const id = await stage.hold();

  await ada.openCall(id);
  await ada.page.getByText('Only these groups can decide this call: board').waitFor();
  expect(await ada.page.getByText('Break the glass').count()).toBe(0);

  for (const [who, reason] of [
    [bob, 'Fire on deck 3, the board is out of reach.'],
    [cleo, 'I see it too.'],
  ] as const) {
    await who.openCall(id);
    expect(await who.approve.count()).toBe(0);
    await who.page.getByText('Break the glass…').click();
    const button = who.page.getByRole('button', { name: 'Break the glass and approve' });
    await who.page.getByText('It takes 2 different people').waitFor();
    expect(await button.isDisabled()).toBe(true);
    await who.page.getByLabel('Why must the glass be broken?').fill(reason);
    if (who === bob) await look(who, 'break-glass');
    await expect.poll(() => button.isEnabled()).toBe(true);
    await button.click();
    if (who !== bob) continue;
    await who.heading('Breaking the glass: 1 of 2 people');
    expect(stage.gateway.received()).toEqual([]);
    await ada.row(id).or(ada.page.getByText('Fire on deck 3')).first().waitFor();
  }
  await ada.heading('The glass was broken by 2 people');
  await ada.heading('Approved, sent once, and it succeeded');
  await ada.page.getByText('I see it too.').first().waitFor();
  await look(ada, 'glass-broken');
  expect(stage.gateway.received()).toHaveLength(1);
});

it('a request that waits for two people shows who has approved, and whom it has been escalated to', {
  timeout: 60_000,
}, async () => {
  const approval =
    'groups: [finance], quorum: 2, escalate: [{ after: 1s, groups: [cto] }, { after: 20m, groups: [ceo] }], authenticator: { backup_eligible: false }';
  const stage = await openStage(chromium.browser, { policy: policyWith(approval) });
  const ada = await stage.enrolFirst();
  await ada.page.getByRole('link', { name: 'People' }).click();
  const [fay, carl] = [await stage.visit(), await stage.visit()];
  await fay.enrol(await ada.invite('Fay', 'finance'));
  await carl.enrol(await ada.invite('Carl', 'cto'));
  const id = await stage.hold();
  await carl.row(id).getByText('now also cto').waitFor();
  await look(carl, 'inbox-escalated');
  await fay.openCall(id);
  await fay.pressApprove();
  await fay.heading('1 of 2 approvals');
  await carl.openCall(id);
  await carl.page.getByText('Fay approved').waitFor();
  await carl.page.getByText('now also: cto.').waitFor();
  await carl.page.getByText(/^In 19 minutes( \d+ seconds?)? also: ceo\.$/).waitFor();
  await carl.page.getByText('Only with a passkey that is bound to one device.').waitFor();
  await look(carl, 'quorum-escalated');
  await carl.pressApprove();
  await carl.heading('Approved, sent once, and it succeeded');
  expect(stage.gateway.received()).toHaveLength(1);
});
