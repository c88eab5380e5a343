import type { Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { type Stage, startStage, useBrowser } from './support/stage.ts';
import type { Visit } from './support/visit.ts';

type Json = Record<string, unknown>;

const chromium = useBrowser();
const count = { calls: 0 };
let stage: Stage;
let ada: Visit;

beforeAll(async () => {
  stage = await startStage(chromium.browser);
  ada = await stage.enrolFirst();
});
afterEach(() => ada.page.unrouteAll());
afterAll(() => stage.close());

/** A call of 7500 of whatever, frozen anew for each test. */
const hold = (): Promise<string> => stage.hold({ amount_cents: 7500, to: `c_${++count.calls}` });

/** Changes an answer on its way to the page, as a gateway that lies would. */
async function tamper(address: RegExp, change: (body: Json) => Json): Promise<void> {
  await ada.page.route(address, async (route: Route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: change(await response.json()) });
  });
}
const STATEMENT = /\/v1\/approvals\/\w+\/statement$/;
const DETAIL = /\/v1\/approvals\/apr_\w+$/;

async function expectRefusal(what: string): Promise<void> {
  const id = await hold();
  await ada.openCall(id);
  const before = await ada.device.credentials();
  await ada.pressApprove();
  const alert = ada.page.getByRole('alert');
  await alert.getByText('Refused: what would be signed is not what you see').waitFor();
  expect(await alert.textContent()).toContain(what);
  expect(await ada.device.credentials()).toEqual(before);
  expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
}

test.each<[string, (statement: Json) => Json, string]>([
  ['another approval', (said) => ({ ...said, approval: 'apr_other' }), 'differ in the approval'],
  ['the other decision', (said) => ({ ...said, decision: 'deny' }), 'differ in the decision'],
  ['a reason that nobody gave', (said) => ({ ...said, reason: 'fine' }), 'differ in the reason'],
  [
    'a broken glass that nobody chose',
    (said) => ({ ...said, break_glass: true }),
    'differ in breaking the glass',
  ],
  ['another call', (said) => ({ ...said, action: 'a'.repeat(64) }), 'differ in the call'],
  ['another view', (said) => ({ ...said, view: 'a'.repeat(64) }), 'differ in the view'],
  ['another person', (said) => ({ ...said, approver: 'person:per_x' }), 'differ in the approver'],
  ['another server', (said) => ({ ...said, scope: { aud: 'x', uses: 1, ttl: 60 } }), 'differ in the server'],
  ['another tool definition', (said) => ({ ...said, tool_def: 'sha256:x' }), 'differ in the tool definition'],
  ['an end in the past', (said) => ({ ...said, exp: 1 }), 'has expired'],
  ['a text that the challenge is not of', (said) => ({ ...said, nonce: 'x'.repeat(43) }), 'not the digest'],
])('a statement with %s is refused before the passkey is asked', async (_what, change, problem) => {
  await tamper(STATEMENT, (body) => {
    const statement = canonicalize(change(JSON.parse(String(body.statement))) as never);
    return { ...body, statement };
  });
  await expectRefusal(problem);
});

test('a statement for another site is refused', async () => {
  await tamper(STATEMENT, (body) => ({ ...body, rp_id: 'evil.example' }));
  await expectRefusal('differ in the site');
});

test('a call that the gateway shows otherwise than it froze is refused', async () => {
  await tamper(DETAIL, (body) => ({ ...body, call: String(body.call).replace('7500', '75') }));
  await expectRefusal('differ in the call');
});

test('a view that the gateway shows otherwise than it froze is refused', async () => {
  await tamper(DETAIL, (body) => ({ ...body, view: String(body.view).replace('7500', '75') }));
  await expectRefusal('differ in the view');
});

test('a heading that names another tool than the call is refused', async () => {
  await tamper(DETAIL, (body) => ({ ...body, tool: 'echo' }));
  await expectRefusal('differ in the tool or action on the page');
});

test.each<[string, (body: Json) => Json]>([
  [
    'a key twice',
    (body) => ({ ...body, call: String(body.call).replace('{"amount', '{"amount_cents":1,"amount') }),
  ],
  ['a view that reorders text', (body) => ({ ...body, view: `${String(body.view)}\u202E` })],
])('a call that has %s is not shown and cannot be decided', async (_what, change) => {
  await tamper(DETAIL, change);
  await ada.goto(`/approvals/${await hold()}`);
  await ada.page.getByText('This call cannot be shown faithfully').waitFor();
  expect(await ada.approve.count()).toBe(0);
});

test('without user verification nothing is decided, and trying again works', async () => {
  const id = await hold();
  await ada.openCall(id);
  await ada.device.verifyUser(false);
  await ada.pressApprove();
  await ada.page.getByText('Nothing was decided').waitFor();
  expect(await stage.approval(id)).toMatchObject({ state: 'pending' });
  await ada.device.verifyUser(true);
  await ada.pressApprove();
  await ada.heading('Approved, sent once, and it succeeded');
});

test('a call that was decided meanwhile, unseen by the page, is refused with words', async () => {
  const id = await hold();
  await tamper(DETAIL, (body) => ({ ...body, state: 'pending' }));
  await ada.openCall(id);
  await expect.poll(() => ada.approve.isEnabled()).toBe(true);
  await stage.gateway.api('POST', `/v1/approvals/${id}/cancel`);
  await ada.pressApprove();
  const alert = ada.page.getByRole('alert');
  await alert.getByText('Nothing was decided').waitFor();
  expect(await alert.textContent()).toContain('cancelled');
  expect(await stage.approval(id)).toMatchObject({ state: 'cancelled' });
});
