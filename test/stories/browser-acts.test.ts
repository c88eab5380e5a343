import { generateKeyPairSync } from 'node:crypto';
import type { Route } from 'playwright-core';
import { expect, it } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import { addAuthenticator } from '../support/browser.ts';

const chromium = useBrowser();

type Json = Record<string, any>;

it('a second passkey counts once the first has signed for it, and can then remove the first', async () => {
  const stage = await openStage(chromium.browser);
  const { page, device, ...ada } = await stage.enrolFirst();
  const key = await addAuthenticator(page, 'usb');
  await page.getByRole('link', { name: 'People' }).click();
  await device.answer(false);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Add a passkey to your own. Whoever holds it decides as you.').waitFor();
  await device.answer(true);
  await ada.signShown();
  await page.getByText('No groups · 2 passkeys').waitFor();
  expect(await key.credentials()).toHaveLength(1);

  await page.getByRole('button', { name: 'Remove passkey' }).first().click();
  await device.answer(false);
  await ada.signShown();
  // The sign-in that the first passkey began ends with it.
  await ada.heading('You were signed out');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('No groups · 1 passkey').waitFor();
  const id = await stage.hold();
  await ada.openCall(id);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
});

it('a passkey whose counter went back changes nothing, and the page says what to do about it', async () => {
  const stage = await openStage(chromium.browser);
  const { page, device, ...ada } = await stage.enrolFirst();
  await page.getByRole('link', { name: 'People' }).click();
  const grace = await stage.visit();
  await grace.enrol(await ada.invite('Grace'));
  await page.reload();
  await device.setBack();
  await page.getByRole('button', { name: 'Remove Grace' }).click();
  await page.getByRole('button', { name: 'Sign with passkey' }).click();
  await ada.heading('Nothing was changed');
  await page.getByText('The counter of this passkey went back').waitFor();
  await page.getByRole('button', { name: 'Back', exact: true }).click();
  await page.reload();
  await page.getByText('somebody may have copied it. Add another passkey and remove this one').waitFor();
  await page.getByText('Grace', { exact: true }).first().waitFor();
  expect(await ada.axe()).toEqual([]);
});

it('a service account is registered with a pasted key, listed, and removed, each time by a signature', async () => {
  const stage = await openStage(chromium.browser);
  const { page, ...ada } = await stage.enrolFirst();
  await page.getByRole('link', { name: 'People' }).click();
  for (const [name, pair] of [
    ['night bot', generateKeyPairSync('ed25519')],
    ['release bot', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ] as const) {
    const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }) as string;
    await page.getByLabel('Account name').fill(name);
    await page.getByLabel(/^Account groups/).fill('automation, automation');
    await page.getByLabel(/^Public key/).fill(pem);
    await page.getByRole('button', { name: 'Register' }).click();
    await ada.signShown();
    const { body } = await stage.gateway.api('GET', '/v1/service-accounts');
    const account = body.data.find((one: Json) => one.name === name);
    expect(account.groups).toEqual(['automation']);
    expect(JSON.parse(account.public_key)).toEqual(pair.publicKey.export({ format: 'jwk' }));
  }
  await page.getByRole('button', { name: 'Remove service account night bot' }).click();
  await ada.signShown();
  await expect.poll(() => page.getByText('night bot').count()).toBe(0);
  await page.getByText('release bot', { exact: true }).waitFor();

  await page.getByLabel('Account name').fill('leaky');
  const { privateKey } = generateKeyPairSync('ed25519');
  await page.getByLabel(/^Public key/).fill(privateKey.export({ format: 'pem', type: 'pkcs8' }) as string);
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText('This is a private key. Paste the public half only').waitFor();
});

it('a statement that says something else than the page is refused before the passkey is asked', async () => {
  const stage = await openStage(chromium.browser);
  const { page, device, ...ada } = await stage.enrolFirst();
  await page.getByRole('link', { name: 'People' }).click();
  const before = await device.credentials();
  const lies: readonly [(said: Json) => Json, string][] = [
    [(said) => ({ ...said, params: { ...said.params, groups: ['board'] } }), 'differ in its details'],
    [(said) => ({ ...said, params: { ...said.params, token: 'a'.repeat(64) } }), 'differ in its details'],
    [(said) => ({ ...said, act: 'approver.remove' }), 'differ in what is done'],
    [(said) => ({ ...said, by: 'person:per_x' }), 'differ in who signs'],
    [(said) => ({ ...said, exp: 1 }), 'has expired'],
    [(said) => ({ ...said, typ: 'approval-statement/v1' }), 'differ in its type'],
    [(said) => ({ ...said, nonce: 'x'.repeat(43) }), 'not the digest'],
  ];
  await page.getByLabel('Name', { exact: true }).fill('Grace');
  for (const [change, problem] of lies) {
    await page.route('**/v1/acts', async (route: Route) => {
      const response = await route.fetch();
      const body: Json = await response.json();
      const statement = canonicalize(change(JSON.parse(body.statement)));
      await route.fulfill({ response, json: { ...body, statement } });
    });
    await page.getByRole('button', { name: 'Make a one-time link' }).click();
    await page.getByRole('button', { name: 'Sign with passkey' }).click();
    const alert = page.getByRole('alert');
    await alert.getByText('Refused: what would be signed is not what you see').waitFor();
    expect(await alert.textContent()).toContain(problem);
    await page.getByRole('button', { name: 'Back', exact: true }).click();
    await page.unrouteAll();
  }
  expect(await device.credentials()).toEqual(before);
  expect(ada.faults).toEqual([]);
});
