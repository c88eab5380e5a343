import { expect, test } from 'vitest';
import { useScene } from './support/scene.ts';

const scene = useScene();

const rows = async (): Promise<string[]> => {
  const ids = await scene.ada.page.locator('.rows a').evaluateAll((links) => links.map((link) => link.id));
  return ids.map((id) => id.slice('row-'.length));
};

test('new calls wait behind a button and never move the row that is selected', async () => {
  await scene.enrolAda();
  const { desk } = scene.gateway;
  const first = desk.hold({ risk: 'low' });
  await scene.row(first).waitFor();
  await scene.ada.page.keyboard.press('j');
  const others = [desk.hold({ risk: 'critical' }), desk.hold({ risk: 'low' }), desk.hold({ risk: 'high' })];
  await scene.ada.page.getByRole('button', { name: '3 new' }).click();
  expect(await rows()).toEqual([others[0], others[2], first, others[1]]);
  expect(await scene.ada.page.locator('.rows .selected a').getAttribute('id')).toBe(`row-${first}`);
});

test('a call that was decided elsewhere stays in its place, marked', async () => {
  await scene.enrolAda();
  const { desk } = scene.gateway;
  const [one, two] = [desk.hold(), desk.hold()];
  await scene.row(one).waitFor();
  await scene.ada.page.reload();
  await scene.row(two).waitFor();
  desk.change(one, { state: 'denied' });
  await scene.ada.page.getByText('no longer waiting').waitFor();
  expect(await rows()).toEqual([one, two]);
});

test('keys do nothing for half a second after the rows have changed', async () => {
  await scene.enrolAda();
  const id = scene.gateway.desk.hold();
  const { page } = scene.ada;
  await scene.row(id).waitFor();
  await page.evaluate('new Promise((done) => setTimeout(done, 600))');
  scene.gateway.desk.hold();
  await page.getByRole('button', { name: '1 new' }).click();
  // In one task, so that the half second cannot pass in between.
  await page.evaluate(
    `for (const key of ['j', 'Enter']) window.dispatchEvent(new KeyboardEvent('keydown', { key }))`,
  );
  expect(new URL(page.url()).pathname).toBe('/');
  await page.evaluate('new Promise((done) => setTimeout(done, 600))');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/approvals\//);
});

test('the list catches up after the stream was cut', async () => {
  await scene.enrolAda();
  const { page } = scene.ada;
  await page.getByText('Live', { exact: true }).waitFor();
  scene.gateway.down = true;
  scene.gateway.cutStreams();
  await page.getByText('Reconnecting…').waitFor();
  const id = scene.gateway.desk.hold();
  scene.gateway.down = false;
  await page.getByText('Live', { exact: true }).waitFor();
  await scene.row(id).waitFor();
  scene.ada.faults.length = 0;
});

test('a gateway that does not answer is said, with a way on', async () => {
  await scene.enrolAda();
  const { page } = scene.ada;
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'People' }).click();
  await page.getByText('Ada Lovelace (you)').waitFor();
  scene.gateway.down = true;
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByText('The history could not be loaded').waitFor();
  scene.gateway.down = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByText('Nothing has been decided yet').waitFor();
  scene.ada.faults.length = 0;
});
