import { expect, it, onTestFinished } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const chromium = useBrowser();

async function openReceiver(): Promise<Receiver> {
  const receiver = await startReceiver();
  onTestFinished(() => receiver.close());
  return receiver;
}

it('a person adds a webhook whose secret is shown once, tries it, sees what its receiver refuses, and has that delivered again', async () => {
  const receiver = await openReceiver();
  const stage = await openStage(chromium.browser, {
    settings: { webhooks: { allow: [receiver.party] } },
  });
  const visit = await stage.enrolFirst({ permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = visit;
  await page.keyboard.press('g');
  await page.keyboard.press('w');
  await visit.heading('No webhooks yet');
  await look(visit, '01-no-webhooks');
  await page.getByRole('button', { name: 'New webhook' }).click();
  await page.getByLabel('Address').fill('https://10.0.0.1/in');
  await page.getByRole('button', { name: 'Add the webhook' }).click();
  await visit.heading('Nothing was changed');
  await page.getByLabel('Address').fill(receiver.url);
  await page.getByLabel('Description').fill('builds \u202Eevil');
  await page.getByLabel('Only these').check();
  await page.getByRole('button', { name: 'Add the webhook' }).click();
  await page.getByText('Events: choose at least one').waitFor();
  await page.getByLabel('approval.requested').check();
  await look(visit, '02-new-webhook');
  await page.getByRole('button', { name: 'Add the webhook' }).click();
  await visit.heading('Copy the secret now');
  await page.keyboard.press('Escape');
  await visit.heading('Copy the secret now');
  await look(visit, '03-secret');
  await page.getByRole('button', { name: 'Copy Secret' }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  const secret = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByText('It is told of what happens.').waitFor();
  expect(await page.content()).not.toContain(secret);
  expect(page.url()).toMatch(/\/webhooks\/whk_/);

  await page.getByRole('button', { name: 'Send a test' }).click();
  await visit.heading('The test was taken');
  expect((await receiver.first('webhook.test')).event.data.webhook).toBe(page.url().split('/').at(-1));
  receiver.answer(410);
  const held = await stage.hold();
  await receiver.first('approval.requested');
  const deliveries = page.getByRole('list', { name: 'Deliveries' });
  await deliveries.getByText('1 attempt, the last: answered with 410').waitFor();
  await page.getByText('Its server answered 410').waitFor();
  expect(await page.getByRole('button', { name: 'Redeliver' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Send a test' }).click();
  await visit.heading('The test was not taken');
  await deliveries.getByText('What is sent, as').click();
  await deliveries.getByText(held).last().waitFor();
  await look(visit, '04-gone');

  receiver.answer(200);
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('It is told of what happens.').waitFor();
  await deliveries.getByRole('button', { name: 'Redeliver' }).click();
  await page.getByText('One delivery is made again.').waitFor();
  await deliveries.getByText('delivered', { exact: true }).waitFor();
  const sent = receiver.messages.filter(({ event }) => event.type === 'approval.requested');
  expect(sent.map(({ event }) => event.id)).toEqual([sent[0]?.event.id, sent[0]?.event.id]);
  await page.getByLabel('State').selectOption('given up');
  await page.getByText('None in this state.').waitFor();
  await page.reload();
  await page.getByText('None in this state.').waitFor();
  await page.getByLabel('State').selectOption('All');
  await look(visit, '05-webhook');

  await page.getByRole('button', { name: 'New keys…' }).click();
  await page.getByLabel('The old keys sign').selectOption('1 hour');
  await page.getByRole('button', { name: 'Make new keys' }).click();
  await visit.heading('Copy the secret now');
  await page.getByRole('button', { name: 'I have stored it' }).click();
  await page.getByText('sign too, for the last time').waitFor();
  await page.getByRole('button', { name: 'Change…' }).click();
  await page.getByLabel('Every event').check();
  await page.getByLabel('Description').fill('all of it');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('every event', { exact: true }).waitFor();
  await page.getByRole('link', { name: '← Webhooks' }).click();
  await page.getByRole('list', { name: 'Webhooks' }).getByText('all of it').waitFor();
  await look(visit, '06-webhooks');
  await page.getByRole('list', { name: 'Webhooks' }).getByRole('link').click();
  await page.getByRole('button', { name: 'Remove…' }).click();
  await look(visit, '07-remove');
  await page.getByRole('button', { name: 'Remove it' }).click();
  await visit.heading('No webhooks yet');
  await visit.goto('/webhooks/whk_none');
  await visit.heading('There is no such webhook');
  const { data } = (await stage.gateway.api('GET', '/v1/logs?type=webhook.*&order=asc')).body;
  expect(
    new Set(data.map(({ ref }: { ref: { principal?: string } }) => ref.principal?.split(':')[0])),
  ).toEqual(new Set(['person', undefined]));
}, 120_000);

it('a delivery that is refused for now is shown waiting with its next attempt, and what is hidden in a description is seen', async () => {
  const receiver = await openReceiver();
  receiver.answer(503);
  const stage = await openStage(chromium.browser, {
    settings: { webhooks: { allow: [receiver.party] } },
  });
  const { body } = await stage.gateway.api('POST', '/v1/webhooks', {
    url: receiver.url,
    events: ['approval.requested'],
    description: 'trust me \u202Edeined',
  });
  await stage.hold();
  await receiver.first('approval.requested');
  const visit = await stage.enrolFirst();
  await visit.goto('/webhooks');
  await visit.page.getByText('1 waiting').waitFor();
  await visit.page.getByText('⟦U+202E⟧').waitFor();
  await visit.goto(`/webhooks/${body.id}`);
  const deliveries = visit.page.getByRole('list', { name: 'Deliveries' });
  await deliveries.getByText('answered with 503').waitFor();
  await deliveries.getByText('next attempt').waitFor();
  expect(await deliveries.getByRole('button', { name: 'Redeliver' }).count()).toBe(0);
}, 120_000);

it('a person sees the keys of programs and revokes one, which ends at once, but never the last operator’s', async () => {
  const stage = await openStage(chromium.browser);
  const made = await stage.gateway.api('POST', '/v1/keys', { name: 'ci', roles: ['minter', 'reader'] });
  const { id, key } = made.body;
  const visit = await stage.enrolFirst();
  const { page } = visit;
  await page.getByRole('link', { name: 'Keys' }).click();
  const keys = page.getByRole('list', { name: 'API keys' });
  await keys.locator('strong', { hasText: 'ci' }).waitFor();
  expect(await page.content()).not.toContain(key);
  await look(visit, '08-keys');
  await page.getByRole('button', { name: 'Revoke… first operator' }).click();
  await visit.heading('It is the last key with the role operator');
  expect(await page.getByRole('button', { name: 'Revoke now' }).isDisabled()).toBe(true);
  await look(visit, '09-last-key');
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: 'Revoke… ci' }).click();
  await page.getByRole('button', { name: 'Revoke now' }).click();
  await expect.poll(() => keys.locator('strong', { hasText: 'ci' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Show revoked keys' }).click();
  await keys.getByText('revoked', { exact: true }).waitFor();
  const headers = { authorization: `Bearer ${key}` };
  expect((await stage.gateway.api('GET', '/v1/sessions', undefined, headers)).status).toBe(401);
  const { data } = (await stage.gateway.api('GET', '/v1/logs?type=key.revoked')).body;
  expect(data).toHaveLength(1);
  expect(data[0]).toMatchObject({ body: { key: id }, ref: { principal: expect.stringMatching(/^person:/) } });
}, 120_000);

const CONFLICT = {
  name: 'witness.example/w1',
  url: 'https://witness.example',
  vkey: 'witness.example/w1+00000000+A',
  size: 40,
  cosigned_at: '2026-01-05T12:00:00.000Z',
  error: null,
  conflict: { kind: 'rollback', witness_size: 40, own_size: 3, at: '2026-01-05T12:00:00.000Z' },
};

it('the settings say which gateway this is and what to see to, and the browser remembers how its person wants the page', async () => {
  const receiver = await openReceiver();
  const quiet = { from: '22:00', to: '07:00', zone: 'Europe/Berlin' };
  const stage = await openStage(chromium.browser, {
    settings: {
      webhooks: { allow: [receiver.party] },
      channels: { ntfy: { url: `http://${receiver.party}/alerts`, when: { risk: ['high'] }, quiet } },
    },
  });
  const visit = await stage.enrolFirst({
    permissions: ['clipboard-read', 'clipboard-write'],
    timezoneId: 'Asia/Kathmandu',
  });
  const { page } = visit;
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.getByText('Nothing to see to').waitFor();
  await page.getByText('None. Whoever has the database').waitFor();
  await page.getByText('policy.yaml').waitFor();
  await page.getByText('quiet from 22:00 to 07:00 (Europe/Berlin)').waitFor();
  await page.getByRole('button', { name: 'Send a test to ntfy' }).click();
  await visit.heading('The test was taken');
  await look(visit, '10-settings');
  receiver.answer(500);
  await page.getByRole('button', { name: 'Send a test to ntfy' }).click();
  await visit.heading('The test was not taken');
  await page.getByText('answered with 500').waitFor();
  expect(receiver.messages).toHaveLength(2);
  await page.getByRole('button', { name: 'Copy Key of the log' }).click();
  await page.getByText('Copied', { exact: true }).waitFor();
  const { vkey } = (await stage.gateway.api('GET', '/v1/logs/verify')).body;
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(vkey);

  const scheme = () => page.evaluate('getComputedStyle(document.documentElement).colorScheme');
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await scheme()).toBe('light dark');
  await page.getByLabel('Dark').check();
  await page.getByLabel(/As this device has it: .*GMT\+5:45/).check();
  expect(await scheme()).toBe('dark');
  await page.reload();
  await page.getByText('Nothing to see to').waitFor();
  expect([await scheme(), await page.getByLabel('Dark').isChecked()]).toEqual(['dark', true]);
  const newest = page.getByRole('region', { name: 'This gateway' }).locator('time');
  expect(await newest.getAttribute('title')).toMatch(/ GMT\+5:45$/);
  await page.getByRole('region', { name: 'This browser' }).scrollIntoViewIfNeeded();
  await page.getByLabel('As this device has it', { exact: true }).check();

  await page.route('**/v1/ledger/witnesses', (route) => route.fulfill({ json: { data: [CONFLICT] } }));
  await page.route('**/v1/diagnostics', async (route) => {
    const response = await route.fetch();
    const report = await response.json();
    const rule = { rule: 'big', place: 'p.yaml:7', quorum: 3, able: 1, exclude_requester: true };
    await route.fulfill({ response, json: { ...report, decisions: [rule] } });
  });
  await page.reload();
  await page.getByText('What the rule big (p.yaml:7) holds takes 3 to approve, and 1 can').waitFor();
  await page.getByText('the log was set back').waitFor();
  await look(visit, '11-concerns');
  await page.unroute('**/v1/diagnostics');
  await page.route('**/v1/diagnostics', (route) => route.fulfill({ status: 403, json: { detail: 'No.' } }));
  await page.getByRole('button', { name: 'Look again' }).click();
  await visit.heading('The gateway’s report could not be loaded');
}, 120_000);
