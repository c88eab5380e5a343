import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { connectV2 } from '../support/agents.ts';

const chromium = useBrowser();

it('who made the key of an agent reads why somebody else must decide in place of the buttons, and somebody else does', {
  timeout: 60_000,
}, async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst({ permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = ada;
  await ada.goto('/keys');
  await page.getByRole('button', { name: 'New key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Where a rule excludes the requester, somebody else decides').waitFor();
  await dialog.getByLabel('What it is for').fill('agents');
  await dialog.getByLabel('minter: mint sessions').check();
  await dialog.getByRole('button', { name: 'Go on to sign' }).click();
  await dialog.getByRole('button', { name: 'Sign with passkey' }).click();
  await ada.heading('Copy the secret now');
  await dialog.getByRole('button', { name: 'Copy API key' }).click();
  const key = (await page.evaluate('navigator.clipboard.readText()')) as string;
  await dialog.getByRole('button', { name: 'I have stored it' }).click();

  const headers = { authorization: `Bearer ${key}` };
  const minted = await stage.gateway.api('POST', '/v1/sessions', { subject: 'user:x' }, headers);
  const agent = await connectV2(minted.body.mcp, 'auto');
  const held: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: 5, to: 'c_1' } });
  await agent.close();
  const id = held.structuredContent.approval_id;

  await ada.goto('/people');
  const bob = await stage.visit();
  await bob.enrol(await ada.invite('Bob'));
  await ada.openCall(id);
  await page
    .getByText('You made the API key that minted this session; another person must decide it.')
    .waitFor();
  expect(await ada.approve.count()).toBe(0);
  expect(await page.getByRole('button', { name: 'Deny…' }).count()).toBe(0);
  await look(ada, 'own-key-asks');
  await bob.openCall(id);
  await bob.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
});
