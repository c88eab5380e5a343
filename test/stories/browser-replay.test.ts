import { expect, it } from 'vitest';
import { look } from '../dashboard/support/look.ts';
import { openStage, useBrowser } from '../dashboard/support/stage.ts';
import type { Visit } from '../dashboard/support/visit.ts';

const chromium = useBrowser();

const policyOf = (echo: string, pay: string): string => `version: 1
defaults: { effect: hold }
rules:
  - id: harmless
    match: { tools: ["oracle/echo"] }
    effect: ${echo}
  - id: payments
    match: { tools: ["oracle/pay"] }
    ${pay}
    redact: [/to]
`;

const IN_FORCE = policyOf('allow', 'effect: hold');

function cardOf({ page }: Visit) {
  const card = page.getByRole('region', { name: 'Try other files' });
  return {
    card,
    text: card.getByLabel('Text of policy.yaml'),
    begin: card.getByRole('button', { name: 'Begin with the files in force' }),
    ask: card.getByRole('button', { name: 'What would have been?' }),
    found: card.getByRole('region', { name: 'What would have been' }),
  };
}

it('a person finds out what other files would have made of past calls, and nothing of what is hidden', async () => {
  const stage = await openStage(chromium.browser, { policy: IN_FORCE });
  const visit = await stage.enrolFirst({ permissions: ['clipboard-read', 'clipboard-write'] });
  const { page } = visit;
  const replays = async () =>
    (await stage.gateway.api('GET', '/v1/logs?type=policy.replayed')).body.data.map(({ ref, body }: any) => ({
      by: ref.principal.split(':')[0],
      calls: body.calls,
    }));
  await page.getByRole('link', { name: 'Policies' }).click();
  const { card, text, begin, ask, found } = cardOf(visit);
  const asked: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('/v1/policies/replay')) asked.push(request.url());
  });
  await begin.click();
  await visit.heading('These files are in order');
  expect(await text.inputValue()).toBe(IN_FORCE);
  await ask.click();
  await visit.heading('There were no calls in this time');

  for (const say of ['a', 'b', 'c', 'd', 'e', 'f']) await stage.call('echo', { text: say });
  const held = await stage.hold({ amount_cents: 7_500, to: 'c_123' });
  await ask.click();
  await visit.heading('No difference in 7 calls');
  await look(visit, '01-same');
  expect(await replays()).toEqual([
    { by: 'person', calls: 7 },
    { by: 'person', calls: 0 },
  ]);

  await text.fill(policyOf('perhaps', 'effect: hold'));
  expect(await found.count()).toBe(0);
  await ask.click();
  await visit.heading('1 to mend');
  await expect.poll(() => ask.isEnabled()).toBe(true);
  await look(visit, '02-faulty');
  expect(asked).toHaveLength(2);
  await card.getByRole('button', { name: 'policy.yaml:6:13' }).click();
  const place = 'document.activeElement.value.slice(document.activeElement.selectionStart)';
  await expect.poll(() => page.evaluate(place)).toMatch(/^perhaps\n/);

  await text.fill(policyOf('deny', 'effect: allow'));
  await ask.click();
  await visit.heading('7 of 7 calls would have been decided otherwise');
  const lines = found.locator('.rules-table > li');
  expect(await lines.count()).toBe(2);
  expect(await lines.nth(0).textContent()).toMatch(/hold\s*→\s*allow\s+oracle\/pay\s+less strict/);
  expect(await lines.nth(1).textContent()).toMatch(/allow\s*→\s*deny\s+oracle\/echo/);
  expect(await lines.nth(1).textContent()).toContain('6 calls');
  expect(await lines.nth(1).textContent()).toContain('and 1 more');
  await look(visit, '03-changed');
  await card.getByRole('button', { name: 'Copy the text of policy.yaml' }).click();
  await card.getByText('Copied').waitFor();
  expect(await page.evaluate('navigator.clipboard.readText()')).toBe(policyOf('deny', 'effect: allow'));

  await text.fill(policyOf('allow', 'effect: deny\n    when: args.to.startsWith("c_1")'));
  await card.getByLabel('Calls of the').selectOption('last 24 hours');
  await ask.click();
  await visit.heading('No difference in 6 calls');
  await found.getByText('1 call: a rule asks for values that policy hides from people').waitFor();
  await look(visit, '04-hidden');

  await text.fill(policyOf('allow', 'effect: allow'));
  await text.press('Tab');
  await ask.press('Enter');
  await found.getByRole('link', { name: held }).click();
  await visit.heading(`What happened to ${held}`);
  const { body } = await stage.gateway.api('GET', '/v1/policies/files');
  expect(body.files['policy.yaml']).toBe(IN_FORCE);
}, 120_000);

it('files are chosen or dropped, more than one at once, and what holds no rules is left out', async () => {
  const stage = await openStage(chromium.browser, { policy: IN_FORCE });
  const visit = await stage.enrolFirst();
  const { page } = visit;
  await stage.call('echo', { text: 'a' });
  await visit.goto('/policies');
  const { card, ask } = cardOf(visit);
  const file = (name: string, text: string) => ({ name, mimeType: 'text/yaml', buffer: Buffer.from(text) });
  await card
    .getByLabel('Choose policy files')
    .setInputFiles([
      file('b.yaml', 'version: 1\nrules: []\n'),
      file('b_test.yaml', 'tests: []\n'),
      file('notes.txt', 'x'),
    ]);
  await card.getByText('Left out, because').waitFor();
  await card.getByText('b_test.yaml, notes.txt').waitFor();
  await page.evaluate(`(() => {
    const files = new DataTransfer();
    files.items.add(new File([${JSON.stringify(IN_FORCE)}], 'a.yaml'));
    const drop = new DragEvent('drop', { dataTransfer: files, bubbles: true, cancelable: true });
    document.querySelector('[aria-labelledby="candidate"] h2').dispatchEvent(drop);
  })()`);
  await card.getByLabel('Text of a.yaml').waitFor();
  expect(await card.getByRole('combobox', { name: 'File' }).locator('option').allTextContents()).toEqual([
    'a.yaml',
    'b.yaml',
  ]);
  await ask.click();
  await visit.heading('No difference in 1 call');
  await card.getByRole('button', { name: 'Take out a.yaml' }).click();
  await card.getByLabel('Text of b.yaml').waitFor();
  await ask.click();
  await visit.heading('1 of 1 call would have been decided otherwise');
  await page.route('**/v1/policies/replay', (route) =>
    route.fulfill({
      status: 429,
      contentType: 'application/problem+json',
      body: JSON.stringify({ code: 'rate_limited', detail: '2 replays are under way already.', status: 429 }),
    }),
  );
  await ask.click();
  await visit.heading('Past calls could not be judged');
  await page.unroute('**/v1/policies/replay');
  const steps: { free?: () => void } = {};
  const held = new Promise<void>((free) => {
    steps.free = free;
  });
  await page.route('**/v1/policies/replay', async (route) => {
    await held;
    await route.abort();
  });
  await ask.click();
  await card.getByRole('progressbar', { name: 'Judging past calls' }).waitFor();
  await look(visit, '05-running');
  await card.getByRole('button', { name: 'Stop' }).click();
  await expect.poll(() => ask.isEnabled()).toBe(true);
  steps.free?.();
  expect(await card.getByText('could not be judged').count()).toBe(0);
}, 120_000);

it('calls that are denied together are denied for a reason, and the call tells by name who did it', async () => {
  const stage = await openStage(chromium.browser);
  const visit = await stage.enrolFirst();
  const { page } = visit;
  const ids = [
    await stage.hold({ amount_cents: 1, to: 'c_1' }),
    await stage.hold({ amount_cents: 2, to: 'c_2' }),
  ];
  await page.reload();
  for (const id of ids) await page.locator(`li:has(#row-${id}) .pick`).click();
  await page.keyboard.press('b');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('End of the calls').scrollIntoViewIfNeeded();
  const deny = dialog.getByRole('button', { name: 'Deny all' });
  await expect.poll(() => deny.isEnabled()).toBe(true);
  await deny.click();
  await dialog.getByText('Say why, so that the agents do not just try again.').waitFor();
  const why = dialog.getByRole('textbox', { name: 'Why, if you deny' });
  const focused = "document.activeElement.getAttribute('aria-describedby')";
  expect(await page.evaluate(focused)).toBe('batch-reason-missing');
  await look(visit, '06-no-reason');
  for (const id of ids) expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
  await why.fill('Wrong customer');
  await deny.click();
  await dialog.getByText('All 2 were decided').waitFor();
  await visit.goto(`/approvals/${ids[0]}`);
  const timeline = page.getByRole('region', { name: 'On the ledger so far' });
  await timeline.getByText('by Operator').first().waitFor();
  expect(
    await timeline
      .getByTitle(/^person:per_/)
      .first()
      .textContent(),
  ).toBe('Operator');
}, 120_000);
