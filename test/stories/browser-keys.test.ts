import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { verifyIndependently } from '../evidence/independent/verify.ts';
import { refusal } from '../evidence/support/verify.ts';

const chromium = useBrowser();
const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

it('a person makes a key with their passkey, a program uses it, and its whole life stands in a ledger that verifies', async () => {
  const stage = await openStage(chromium.browser);
  const { gateway } = stage;
  const visit = await stage.enrolFirst(CLIPBOARD);
  const { page } = visit;
  const bodies: string[] = [];
  page.on('request', (request) => bodies.push(`${request.url()} ${request.postData() ?? ''}`));
  await visit.goto('/keys');
  await page.getByRole('button', { name: 'New key' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('What it is for').fill('billing server');
  const goOn = dialog.getByRole('button', { name: 'Go on to sign' });
  expect(await goOn.isDisabled()).toBe(true);
  await dialog.getByLabel('minter: mint sessions').check();
  await look(visit, '01-new-key');

  // What was filled in is still there after a second thought.
  await goOn.click();
  await visit.heading('Make the API key billing server. Whoever holds it may mint sessions');
  await look(visit, '02-sign');
  await page.keyboard.press('Escape');
  await dialog.getByLabel('reader: read sessions').check();
  await dialog.getByLabel('What it is for').press('Enter');
  await dialog.getByText('minter, reader').waitFor();
  await dialog.getByRole('button', { name: 'Sign with passkey' }).click();

  await visit.heading('Copy the secret now');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await dialog.getByRole('button', { name: 'Copy API key' }).click();
  const key = (await page.evaluate('navigator.clipboard.readText()')) as string;
  expect(key).toMatch(/^cs_[A-Za-z0-9_-]{43}$/);
  await dialog.getByText(`COUNTERSIGN_API_KEY=${key} countersign session list`).waitFor();
  await look(visit, '03-secret');
  expect(bodies.length).toBeGreaterThan(2);
  expect(bodies.join('\n')).not.toContain(key.slice(3));

  await dialog.getByRole('button', { name: 'I have stored it' }).click();
  const keys = page.getByRole('list', { name: 'API keys' });
  const row = keys.getByRole('listitem').filter({ hasText: 'billing server' });
  await row.getByText(`cs_…${key.slice(-4)}`).waitFor();
  expect(await page.evaluate('document.activeElement.textContent')).toBe('New key');
  expect(await page.content()).not.toContain(key.slice(3));
  await look(visit, '04-keys');

  const headers = { authorization: `Bearer ${key}` };
  const ask = async (method: string, path: string, body?: object) =>
    (await gateway.api(method, path, body, headers)).status;
  expect(await ask('GET', '/v1/sessions')).toBe(200);
  expect(await ask('POST', '/v1/sessions', { subject: 'user:x' })).toBe(201);
  expect(await ask('GET', '/v1/keys')).toBe(403);

  await row.getByRole('button', { name: 'Revoke… billing server' }).click();
  await page.getByRole('button', { name: 'Revoke now' }).click();
  await expect.poll(() => row.count()).toBe(0);
  expect(await ask('GET', '/v1/sessions')).toBe(401);

  const { data } = (await gateway.api('GET', '/v1/logs?type=key.*&order=desc&limit=2')).body;
  const person = expect.stringMatching(/^person:/);
  expect(data).toMatchObject([
    { type: 'key.revoked', ref: { principal: person } },
    {
      type: 'key.created',
      ref: { principal: person },
      body: { name: 'billing server', roles: ['minter', 'reader'] },
    },
  ]);
  await visit.goto('/logs?type=key.*');
  for (const type of ['key.created', 'key.revoked'])
    await page.getByText(type).filter({ visible: true }).first().waitFor();
  const log = await fetch(`${gateway.app.origin}/v1/logs/export`, {
    headers: { authorization: `Bearer ${gateway.app.apiKey}` },
  });
  const text = await log.text();
  expect(text).toContain('"act\\":\\"key.create\\"');
  const { vkey } = (await gateway.api('GET', '/v1/logs/verify')).body;
  expect(await refusal(text, { vkey })).toBe('');
  expect(verifyIndependently(text, vkey)).toMatchObject({ ok: true });
}, 120_000);

it('a key of somebody who is removed goes on, and whoever removes them is told and led to it', async () => {
  const stage = await openStage(chromium.browser);
  const ada = await stage.enrolFirst();
  await ada.goto('/people');
  const grace = await stage.visit();
  await grace.enrol(await ada.invite('Grace'));
  await grace.goto('/keys');
  await grace.page.getByRole('button', { name: 'New key' }).click();
  await grace.page.getByLabel('What it is for').fill('night run');
  await grace.page.getByLabel('requester: ask for').check();
  await grace.page.getByRole('button', { name: 'Go on to sign' }).click();
  await grace.page.getByRole('button', { name: 'Sign with passkey' }).click();
  await grace.page.getByRole('button', { name: 'I have stored it' }).click();
  await grace.page.getByText('by Grace').waitFor();

  const { page } = ada;
  await ada.goto('/people');
  await page.getByRole('button', { name: 'Remove Grace' }).click();
  await ada.heading('An API key that they made goes on');
  await look(ada, '05-remove');
  await page.getByRole('link', { name: 'see it under Keys' }).click();
  const keys = page.getByRole('list', { name: 'API keys' });
  const row = keys.getByRole('listitem').filter({ hasText: 'night run' });
  await page.locator('p', { hasText: 'Only what was made by Grace.' }).waitFor();
  expect(await keys.getByRole('listitem').count()).toBe(1);
  await page.getByRole('link', { name: 'Show all keys' }).click();
  await keys.locator('strong', { hasText: 'first operator' }).waitFor();

  await ada.goto('/people');
  await page.getByRole('button', { name: 'Remove Grace' }).click();
  await ada.signShown();
  await expect.poll(() => page.getByText('Grace').count()).toBe(0);
  await ada.goto('/keys');
  await row.getByText('who was removed').waitFor();
  await page.getByRole('button', { name: 'Revoke… night run' }).click();
  await page.getByRole('button', { name: 'Revoke now' }).click();
  await expect.poll(() => row.count()).toBe(0);
  await page.getByRole('button', { name: 'Show revoked keys' }).click();
  await row.getByText('revoked', { exact: true }).waitFor();
  expect(await keys.getByRole('listitem').count()).toBe(1);
  await look(ada, '07-revoked');
  await page.getByRole('button', { name: 'Show keys in force' }).click();
  const more = { name: 'nightly', roles: ['reader'] };
  await Promise.all(Array.from({ length: 50 }, () => stage.gateway.api('POST', '/v1/keys', more)));
  await ada.goto('/keys');
  await keys.locator('strong', { hasText: 'nightly' }).first().waitFor();
  expect(await keys.getByRole('listitem').count()).toBe(50);
  expect(await keys.locator('strong', { hasText: 'first operator' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Show more' }).click();
  await keys.locator('strong', { hasText: 'first operator' }).waitFor();
  expect(await keys.getByRole('listitem').count()).toBe(51);
  expect(await page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
  await ada.goto('/keys?made_by=person:per_none');
  await ada.heading('No keys in force');
  await look(ada, '06-none');
}, 120_000);
