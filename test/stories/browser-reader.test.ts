import { expect, test } from 'vitest';
import { type Announcement, hear, type Reader } from '../dashboard/support/hear.ts';
import { openStage, type Stage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';

const chromium = useBrowser();
const SLOW = { timeout: 60_000 };
const TITLE = 'pay: 75.00 (amount_cents 7500), to c_123';
/** What is polite is gathered before it is said. */
const SOON = { timeout: 8_000 };

const SHORT = `version: 1
defaults: { effect: hold }
rules:
  - id: payments
    match: { tools: ["oracle/pay"] }
    effect: hold
    risk: high
    approval: { expires: 4s }
`;

interface Listening {
  readonly stage: Stage;
  readonly ada: Visit;
  readonly reader: Reader;
}

/** Somebody who came by the link that the gateway printed, and listens from then on. */
async function enrolled(policy?: string): Promise<Listening> {
  const stage = await openStage(chromium.browser, policy === undefined ? {} : { policy });
  const ada = await stage.visit();
  const reader = await hear(ada.page);
  await ada.enrol(stage.gateway.app.enrolUrl ?? '');
  await ada.page.getByText('Live', { exact: true }).waitFor();
  return { stage, ada, reader };
}

/** Comes to a call as one does: from its line in the inbox. */
async function openFromInbox(
  { stage, ada, reader }: Listening,
  args?: Record<string, unknown>,
): Promise<string> {
  const id = await stage.hold(args);
  await ada.row(id).waitFor();
  await ada.row(id).click();
  await expect.poll(reader.focused, SOON).toMatch(/^pay: .*, heading, level 1$/);
  return id;
}

const about = (said: readonly Announcement[], words: string | RegExp): readonly Announcement[] =>
  said.filter(({ text }) => (typeof words === 'string' ? text === words : words.test(text)));

test(
  'after signing in one hears where one is, and what comes is told in few words and moves nothing',
  SLOW,
  async () => {
    const { stage, ada, reader } = await enrolled();
    const { page } = ada;
    expect(await page.title()).toBe('Inbox · Countersign');
    await expect.poll(reader.focused, SOON).toBe('Inbox, heading, level 1');
    const empty = about(await reader.announced(), /^Nothing waits for a decision/);
    expect(empty).toHaveLength(1);

    const id = await stage.hold();
    await expect.poll(reader.announced, SOON).toContainEqual({
      text: '1 new call, high risk. 1 call waits.',
      urgent: false,
    });
    expect(await page.title()).toBe('(1) Inbox · Countersign');
    expect(await reader.focused()).toBe('Inbox, heading, level 1');
    await page.keyboard.press('j');
    await expect.poll(() => page.evaluate('document.activeElement?.id'), SOON).toBe(`row-${id}`);
    for (let n = 0; n < 4; n += 1) await stage.hold({ amount_cents: n, to: 'x' });
    await expect
      .poll(async () => about(await reader.announced(), /5 calls wait\.$/), { timeout: 15_000 })
      .toHaveLength(1);
    const told = about(await reader.announced(), /new calls?, /);
    expect(told.length).toBeLessThanOrEqual(4);
    expect(told.map(({ text }) => Number.parseInt(text, 10)).reduce((sum, one) => sum + one)).toBe(5);
    expect(told.some(({ urgent }) => urgent)).toBe(false);
    expect(about(await reader.announced(), /connection/)).toEqual([]);
    expect(await page.evaluate('document.activeElement?.id')).toBe(`row-${id}`);
    expect(await reader.focused()).toMatch(
      /^HIGH RISK pay: .* 2\d minutes( \d+ seconds?)? left oracle\/pay for /,
    );
    expect(await reader.controls()).toContain('4 new calls: show, button');
    expect((await reader.readIn('Calls that wait for a decision'))[1]).toMatch(
      /^1 of 1: Pick to decide together: pay/,
    );
    await page.keyboard.press('n');
    await expect.poll(() => page.locator('.rows .effect').count(), SOON).toBe(6);
    expect(await page.evaluate('document.activeElement?.id')).toBe(`row-${id}`);
  },
);

test(
  'a call is heard in the order in which one judges it, with what is hidden in it spelled out',
  SLOW,
  async () => {
    const listening = await enrolled();
    const { ada, reader } = listening;
    const { page } = ada;
    await page.setViewportSize({ width: 1000, height: 400 });
    await openFromInbox(listening, { amount_cents: 1, to: 'c\u202E1', more: { list: [{ deep: true }] } });
    expect(await page.title()).toBe('pay · Countersign');
    const lines = await reader.read();
    const order = [
      /^pay: .*"c⟦U\+202E⟧1".*, heading, level 1$/,
      /^HIGH RISK oracle \/ pay$/,
      /^Money leaves the company\. payments \(policy\.yaml:7\)$/,
      /^On behalf of$/,
      /^\d+ minutes( \d+ seconds?)? until 20\d\d-/,
      /^Arguments untrusted: written by the agent, heading, level 2$/,
      /^level 1, 1 of 7: arguments object · 3 members$/,
      /^level 2, 3 of 7: more object · 1 member$/,
      /^level 3, 4 of 7: list array · 1 item$/,
      /^level 5, 6 of 7: deep boolean true$/,
      /^level 2, 7 of 7: to string · 3 characters, 5 bytes "c⟦U\+202E⟧1"$/,
      /^The text that your signature covers, heading, level 2$/,
      /^End of the call$/,
      /^Approve with passkey, button, unavailable, Scroll to the end of the call first\.$/,
      /^Deny…, button/,
    ];
    expect(order.filter((line) => !lines.some((one) => line.test(one)))).toEqual([]);
    const places = order.map((line) => lines.findIndex((one) => line.test(one)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(lines.join('')).not.toContain('\u202E');
    const ready = 'Everything was shown. Approve can be pressed now.';
    expect(about(await reader.announced(), ready)).toEqual([]);
    await ada.scrollToEnd();
    await expect
      .poll(async () => about(await reader.announced(), ready), SOON)
      .toEqual([{ text: ready, urgent: false }]);
    expect(await reader.controls()).toContain(
      'Approve with passkey, button, Your passkey signs exactly the call and text above.',
    );
  },
);

test(
  'the dialog to deny says what it is about, keeps the focus in, and tells what is missing and what came of it',
  SLOW,
  async () => {
    const listening = await enrolled();
    const { stage, ada, reader } = listening;
    const { page } = ada;
    const id = await openFromInbox(listening);
    await ada.rested();
    const deny = page.getByRole('button', { name: 'Deny…' });
    await deny.press('Enter');
    const question = 'Why? The agent is told this, and it is part of what you sign., edit, required';
    await expect.poll(reader.focused, SOON).toBe(`${question}, ${TITLE}: it will not be sent.`);
    const dialog = await reader.readIn('Deny this call?');
    expect(dialog.slice(0, 2)).toEqual([
      'Deny this call?, dialog, modal',
      'Deny this call?, heading, level 2',
    ]);
    await page.keyboard.press('Tab');
    expect(await reader.focused()).toBe('Deny with passkey, button');
    await page.evaluate(`document.querySelector('nav a').focus()`);
    expect(await reader.focused()).toBe('Deny with passkey, button');
    await page.getByRole('button', { name: 'Deny with passkey' }).press('Enter');
    await expect
      .poll(reader.focused, SOON)
      .toBe(
        `${question}, invalid entry, Say why, so that the agent does not just try again. ${TITLE}: it will not be sent.`,
      );
    expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
    await page.keyboard.press('Escape');
    await expect.poll(reader.focused, SOON).toMatch(/^Deny…, button/);
    await page.keyboard.press('Enter');
    await page.keyboard.type('Wrong customer.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(reader.focused, SOON).toBe('Denied; nothing was sent, heading, level 2');
    expect((await reader.readIn('Denied; nothing was sent')).slice(1)).toContain('Reason: Wrong customer.');
    expect(about(await reader.announced(), /Denied/)).toEqual([]);
  },
);

test('approving by ear ends at what came of it, which is told once', SLOW, async () => {
  const listening = await enrolled();
  const { stage, ada, reader } = listening;
  await openFromInbox(listening);
  await ada.scrollToEnd();
  await expect.poll(() => ada.approve.isEnabled(), SOON).toBe(true);
  await ada.approve.press('Enter');
  const done = 'Approved, sent once, and it succeeded';
  await ada.heading(done);
  await expect.poll(reader.focused, SOON).toBe(`${done}, heading, level 2`);
  await ada.page.keyboard.press('?');
  await expect.poll(reader.focused, SOON).toBe('Close, button');
  const told = about(await reader.announced(), /^Approved/).map(({ text }) => text);
  expect(told.filter((text) => text === done).length).toBeLessThanOrEqual(1);
  expect(told.length).toBeLessThanOrEqual(1);
  expect(stage.gateway.received()).toHaveLength(1);
});

test('what others decide, and an end by time, is told once to whom reads the call', SLOW, async () => {
  const listening = await enrolled(SHORT);
  const { stage, ada, reader } = listening;
  const withdrawn = await openFromInbox(listening);
  await stage.gateway.api('POST', `/v1/approvals/${withdrawn}/cancel`);
  await ada.heading('Withdrawn; nothing was sent');
  await expect
    .poll(async () => about(await reader.announced(), /^Withdrawn/), SOON)
    .toEqual([{ text: 'Withdrawn; nothing was sent', urgent: false }]);
  expect(await reader.focused()).toMatch(/heading, level 1$/);
  await ada.page.getByRole('link', { name: '← Inbox' }).click();
  // The page's clock is ahead of the gateway's, so that both tell of the end, one after the other.
  await ada.page.evaluate('{ const now = Date.now; Date.now = () => now() + 1_500; }');
  await openFromInbox(listening, { amount_cents: 2, to: 'y' });
  await ada.heading('Expired; nothing was sent');
  const ended = { text: 'The time to decide this call is over.', urgent: true };
  await expect.poll(async () => about(await reader.announced(), /is over|xpired/), SOON).toEqual([ended]);
  const isOver = () => ada.page.getByText('The time to decide this call is over').count();
  await expect.poll(isOver, { timeout: 15_000 }).toBe(0);
  expect(about(await reader.announced(), /is over|xpired/)).toEqual([ended]);
});

test('the palette and the list of keys are dialogs with names, and give the focus back', SLOW, async () => {
  const { ada, reader } = await enrolled();
  const { page } = ada;
  const { keyboard } = page;
  await keyboard.press('Control+k');
  await expect.poll(reader.focused, SOON).toBe('What to do, edit');
  const [name, ...palette] = await reader.readIn('Commands');
  expect(name).toBe('Commands, dialog, modal');
  const inbox = palette.find((line) => line.startsWith('1 of'));
  expect(inbox).toMatch(/^1 of \d+: Go to Inbox g i, button$/);
  await keyboard.type('people');
  expect(await reader.readIn('What fits')).toEqual([
    'What fits, list, 2 items',
    '1 of 2: Go to People g p, button',
    '2 of 2: Search the inbox for “people” /, button',
  ]);
  await keyboard.press('Escape');
  await expect.poll(reader.focused, SOON).toBe('Inbox, heading, level 1');
  await keyboard.press('?');
  await expect.poll(reader.focused, SOON).toBe('Close, button');
  const keys = await reader.readIn('Keys');
  expect(keys[0]).toBe('Keys, dialog, modal');
  expect(keys.slice(keys.indexOf('a')).slice(0, 2)).toEqual([
    'a',
    'approve (in an opened call, then passkey)',
  ]);
  await keyboard.press('Escape');
  await expect.poll(reader.focused, SOON).toBe('Inbox, heading, level 1');
});

test('a lost connection is told once, and once that it is back', SLOW, async () => {
  const { ada, reader } = await enrolled();
  const { page } = ada;
  const stream = '**/v1/logs/stream*';
  await page.route(stream, (route) => route.abort());
  await page.reload();
  await page.getByText('Reconnecting…').waitFor();
  const lost = {
    text: 'The connection to the gateway is lost. The page tries again by itself.',
    urgent: false,
  };
  await expect.poll(async () => about(await reader.announced(), /connection/), SOON).toEqual([lost]);
  await page.waitForRequest(stream);
  await page.unroute(stream);
  await page.getByText('Live', { exact: true }).waitFor();
  const back = { text: 'The connection to the gateway is back.', urgent: false };
  await expect.poll(async () => about(await reader.announced(), /connection/), SOON).toEqual([lost, back]);
});
