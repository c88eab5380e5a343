import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { BASE_POLICY } from '../support/gateway.ts';

const chromium = useBrowser();

const WATCHED = `${BASE_POLICY}  - { id: ask-to-echo, match: { tools: ["oracle/echo"] }, effect: hold, mode: shadow }
  - { id: never-pay-much, match: { tools: ["oracle/pay"] }, when: "args.amount_cents > 100000", effect: deny }
`;

it('the log is narrowed by its values and by words, followed live, told call by call, and each entry is proven in the page', async () => {
  const stage = await openStage(chromium.browser, { policy: WATCHED });
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const { origin } = stage.gateway.app;
  await stage.call('echo', { text: 'a' });
  const held = await stage.hold();
  await page.keyboard.press('g');
  await page.keyboard.press('l');
  await visit.heading('Logs');
  const entries = page.getByRole('list', { name: 'Entries' });
  await entries.getByText('approval.requested').waitFor();
  await look(visit, '01-logs');

  await page.getByRole('region', { name: 'verdict' }).getByRole('button', { name: 'hold' }).click();
  await expect.poll(() => page.url()).toBe(`${origin}/logs?verdict=hold`);
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(1);
  await page.getByLabel('Words').fill('pay');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.url()).toBe(`${origin}/logs?text=pay&verdict=hold`);
  await page.getByText('Export', { exact: true }).click();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  const lines = readFileSync(await file.path(), 'utf8')
    .trim()
    .split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(held);
  await page.reload();
  await page.getByRole('button', { name: 'verdict: hold' }).click();
  await page.getByRole('button', { name: 'words: pay' }).click();
  await page.getByLabel('Words').fill('nothing of the kind');
  await page.keyboard.press('Enter');
  await visit.heading('No entries like this');
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByLabel('Agent').fill(stage.gateway.app.session.id);
  await page.keyboard.press('Enter');
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(4);
  await page.getByRole('button', { name: 'Show everything' }).click();

  await page.getByRole('button', { name: 'Follow live' }).click();
  await page.getByText('Following; the newest 200').waitFor();
  const before = await entries.getByRole('listitem').count();
  await stage.call('echo', { text: 'b' });
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(before + 2);
  await page.getByRole('button', { name: 'Stop following' }).click();

  await page.getByLabel('Time').selectOption('between…');
  await page.getByLabel('Until (UTC)').fill('2026-01-01T00:00');
  await visit.heading('No entries like this');
  await page.getByRole('button', { name: 'Show everything' }).click();

  const { body: minted } = await stage.gateway.api('POST', '/v1/sessions', {});
  const reason = '<b>approved</b> \u202Eby the operator';
  await stage.gateway.api('POST', `/v1/sessions/${minted.id}/revoke`, { reason });
  await page.getByRole('button', { name: 'Follow live' }).click();
  await page.getByText('<b>approved</b> ⟦U+202E⟧by the operator').waitFor();
  await page.getByRole('button', { name: 'Stop following' }).click();

  await entries.getByRole('link', { name: held }).first().click();
  await visit.heading(`What happened to ${held}`);
  const short = page.getByRole('region', { name: 'In short' });
  await short.getByText('not yet').waitFor();
  await visit.openCall(held);
  await visit.pressApprove();
  await expect.poll(async () => (await stage.approval(held)).state).toBe('succeeded');
  await visit.goto(`/logs/${held}`);
  await short.getByText('succeeded').waitFor();
  await short.getByText('Approved by').waitFor();
  await short.getByText('Operator', { exact: true }).waitFor();
  await look(visit, '02-story');

  await page
    .getByRole('link', { name: /^Entry \d+$/ })
    .first()
    .click();
  await visit.heading('Verified in this page');
  await page.getByText('"type": "approval.requested"').waitFor();
  await page.getByText('The proof', { exact: true }).click();
  await look(visit, '03-entry');
  await page.route('**/v1/logs/proof?*', async (route) => {
    const answer = await (await route.fetch()).text();
    await route.fulfill({
      contentType: 'application/json',
      body: answer.replace('oracle/pay', 'oracle/pat'),
    });
  });
  await page.reload();
  await visit.heading('The proof does not hold');
  await page.getByText('does not lead from entry').waitFor();
  await look(visit, '04-forged');
  await page.unroute('**/v1/logs/proof?*');
  await visit.goto('/logs/999999');
  await visit.heading('The entry could not be loaded');

  for (let call = 0; call < 60; call++) await stage.call('echo', { text: `${call}` });
  await visit.goto('/logs?tool=echo&type=call.*');
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(100);
  await page.getByRole('button', { name: 'Older' }).click();
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(24);
  expect(await page.getByRole('button', { name: 'Older' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Newer' }).click();
  await expect.poll(() => entries.getByRole('listitem').count()).toBe(100);
}, 120_000);

it('the overview counts calls, verdicts and decisions, and tells when the ledger is not the one that this browser saw', async () => {
  const stage = await openStage(chromium.browser, { policy: WATCHED });
  const visit = await stage.enrolFirst();
  const { page } = visit;
  await page.getByRole('link', { name: 'Overview' }).click();
  await visit.heading('No calls in this time');
  await page.getByText('sees this log for the first time').waitFor();
  await look(visit, '05-empty');
  for (const text of ['a', 'b', 'c']) await stage.call('echo', { text });
  await stage.call('pay', { amount_cents: 2_000_000, to: 'c_1' });
  const held = await stage.hold();
  await visit.openCall(held);
  await visit.pressApprove();
  await expect.poll(async () => (await stage.approval(held)).state).toBe('succeeded');
  await stage.hold({ amount_cents: 100, to: 'c_2' });
  await visit.goto('/overview');
  await page.getByRole('img', { name: 'Calls: allowed 3, held 2, denied 1' }).waitFor();
  await page.getByRole('img', { name: /^How waits ended: approved 1, / }).waitFor();
  await page.getByRole('region', { name: 'Verdicts by rule' }).getByText('never-pay-much').waitFor();
  await page.getByText('verified here').waitFor();
  await page.getByText(/They continue the \d+ that this browser saw/).waitFor();
  await page.getByRole('button', { name: 'Have the gateway recompute everything' }).click();
  await page.getByText(/All \d+ entries fit the signed head/).waitFor();
  await look(visit, '06-overview');
  const rotated = await stage.gateway.api('POST', '/v1/ledger/rotate-key', {});
  await page.reload();
  await page.getByText(`signed by key ${rotated.body.vkey.split('+')[1]} of`).waitFor();
  await page.getByText('verified here').waitFor();
  await page.getByText('As a table').first().click();
  await page.getByRole('region', { name: 'Calls, as a table' }).getByRole('row').last().waitFor();
  await page.getByLabel('Time').selectOption('last 7 days');
  await expect.poll(() => page.url()).toBe(`${stage.gateway.app.origin}/overview?since=7d`);

  await page.route('**/v1/logs/checkpoint*', async (route) => {
    const answer = await (await route.fetch()).text();
    await route.fulfill({ contentType: 'text/plain', body: answer.replace(/\n(\d+)\n/, '\n1$1\n') });
  });
  await page.reload();
  await page.getByText('The signature of the checkpoint is wrong.').waitFor();
  await page.getByText('not verified').waitFor();
  await page.unroute('**/v1/logs/checkpoint*');
  await page.evaluate(`localStorage.setItem('countersign.log', JSON.stringify({
    ...JSON.parse(localStorage.getItem('countersign.log')), root: btoa('x'.repeat(32)) }))`);
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText(/no longer begins with the \d+ entries/).waitFor();
  await look(visit, '07-other-log');
  await page.getByRole('button', { name: 'Forget what this browser has seen' }).click();
  await page.getByText('sees this log for the first time').waitFor();
}, 120_000);

it('the policy is shown with what each rule has done, and is asked about a call that nobody makes', async () => {
  const stage = await openStage(chromium.browser, { policy: WATCHED });
  const visit = await stage.enrolFirst();
  const { page } = visit;
  await stage.call('echo', { text: 'a' });
  await stage.hold();
  await page.getByRole('link', { name: 'Policies' }).click();
  await visit.heading('Policies');
  await page.getByText('Would have changed 1 call: allow → hold 1').click();
  await page.getByText('never decided').first().waitFor();
  await page.getByRole('combobox', { name: 'Tool' }).selectOption('pay');
  await page.getByLabel('Arguments').fill('{"amount_cents": 1');
  await page.getByRole('button', { name: 'What would policy say?' }).click();
  await visit.heading('Policy could not be asked');
  await page.getByLabel('Arguments').fill('{"amount_cents": 200000, "to": "c_1"}');
  await page.getByRole('button', { name: 'What would policy say?' }).click();
  const said = page.getByRole('region', { name: 'What policy would find' });
  await said.getByText('args.amount_cents > 100000').waitFor();
  await look(visit, '08-policies');
  const { data } = (await stage.gateway.api('GET', '/v1/logs?type=call.*')).body;
  expect(data).toHaveLength(2);

  const choose = page.getByLabel('Choose policy files');
  const file = (text: string) => ({ name: 'mine.yaml', mimeType: 'text/yaml', buffer: Buffer.from(text) });
  await choose.setInputFiles(file('version: 1\nrules:\n  - { id: x, effect: perhaps }\n'));
  await page.getByText('mine.yaml:3').first().waitFor();
  await look(visit, '09-candidate');
  await choose.setInputFiles(file(WATCHED));
  await visit.heading('These files are in order');
  await page.getByText('countersign policy replay --since 7d').waitFor();
  await stage.gateway.writePolicy(
    `${WATCHED}  - { id: brand-new, match: { tools: ["oracle/slow"] }, effect: deny }\n`,
  );
  await page.getByText('brand-new').waitFor();
  await visit.goto('/policies?rule=never-pay-much');
  await page.locator('.sought').getByText('never-pay-much').waitFor();
}, 120_000);
