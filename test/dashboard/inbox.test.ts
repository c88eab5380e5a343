import { expect, onTestFinished, test } from 'vitest';
import { formGateway } from './support/form-server.ts';
import { openStage, type Stage, useBrowser } from './support/stage.ts';
import type { Visit } from './support/visit.ts';

const chromium = useBrowser();

/** A stage whose tools are held with the risks that their names say, and Ada before the inbox. */
async function openInbox(): Promise<{ stage: Stage; ada: Visit }> {
  const form = formGateway();
  onTestFinished(form.clear);
  const stage = await openStage(chromium.browser, form);
  const ada = await stage.enrolFirst();
  await ada.page.getByText('Live', { exact: true }).waitFor();
  return { stage, ada };
}

async function rows({ page }: Visit): Promise<string[]> {
  const ids = await page.locator('.rows a').evaluateAll((links) => links.map((link) => link.id));
  return ids.map((id) => id.slice('row-'.length));
}

test('new calls wait behind a button and never move the row that is selected', async () => {
  const { stage, ada } = await openInbox();
  const first = await stage.hold({ n: 1 }, 'mail_send');
  await ada.row(first).waitFor();
  await ada.page.keyboard.press('j');
  const critical = await stage.hold({}, 'company_close');
  const low = await stage.hold({ n: 2 }, 'mail_send');
  const high = await stage.hold({}, 'form');
  await ada.page.getByRole('button', { name: '3 new' }).click();
  expect(await rows(ada)).toEqual([critical, high, first, low]);
  expect(await ada.page.locator('.rows .selected a').getAttribute('id')).toBe(`row-${first}`);
});

test('a call that was decided elsewhere stays in its place, marked', async () => {
  const { stage, ada } = await openInbox();
  const one = await stage.hold({ n: 1 }, 'form');
  const two = await stage.hold({ n: 2 }, 'form');
  await ada.page.reload();
  await ada.row(two).waitFor();
  await stage.gateway.api('POST', `/v1/approvals/${one}/cancel`);
  await ada.row(one).getByText('no longer waiting').waitFor();
  expect(await rows(ada)).toEqual([one, two]);
});

test('keys do nothing for half a second after the rows have changed', async () => {
  const { stage, ada } = await openInbox();
  const { page } = ada;
  const id = await stage.hold({ n: 1 }, 'form');
  await ada.row(id).waitFor();
  await ada.keysRest();
  await stage.hold({ n: 2 }, 'form');
  await page.getByRole('button', { name: '1 new' }).click();
  // In one task, so that the half second cannot pass in between.
  await page.evaluate(
    `for (const key of ['j', 'Enter']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))`,
  );
  expect(new URL(page.url()).pathname).toBe('/');
  await ada.keysRest();
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/approvals\//);
});

test('the list catches up after the stream was cut', async () => {
  const { stage, ada } = await openInbox();
  const { page } = ada;
  const stream = '**/v1/logs/stream*';
  await page.route(stream, (route) => route.abort());
  await page.reload();
  await page.getByText('Reconnecting…').waitFor();
  await ada.heading('Nothing waits for a decision');
  const id = await stage.hold({}, 'form');
  await page.unroute(stream);
  await page.getByText('Live', { exact: true }).waitFor();
  await ada.row(id).waitFor();
});

test('a gateway that does not answer is said, with a way on', async () => {
  const { ada } = await openInbox();
  const { page } = ada;
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByText('(you)').waitFor();
  await page.route('**/v1/**', (route) => route.abort());
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByText('The history could not be loaded').waitFor();
  await page.unroute('**/v1/**');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Nothing has been decided yet').waitFor();
});
