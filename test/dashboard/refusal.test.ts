import { expect, test } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { useScene } from './support/scene.ts';

const scene = useScene();

type Json = Record<string, unknown>;

/** The gateway changes the statement, and signs for the change with a challenge of its own making when asked to. */
function lieInStatement(change: (statement: Json) => Json): void {
  scene.gateway.tamper = (path, body) => {
    if (!path.endsWith('/statement')) return body;
    const statement = canonicalize(change(JSON.parse(String(body.statement)) as Json) as never);
    return { ...body, statement };
  };
}

async function expectRefusal(what: string): Promise<void> {
  const id = scene.gateway.desk.hold();
  await scene.openCall(id);
  const before = await scene.ada.device.credentials();
  await scene.approve().click();
  const alert = scene.ada.page.getByRole('alert');
  await alert.getByText('Refused: what would be signed is not what you see').waitFor();
  expect(await alert.textContent()).toContain(what);
  expect(await scene.ada.device.credentials()).toEqual(before);
  expect(scene.gateway.desk.get(id).state).toBe('pending');
}

test.each<[string, (statement: Json) => Json, string]>([
  ['another approval', (said) => ({ ...said, approval: 'apr_other' }), 'differ in the approval'],
  ['the other decision', (said) => ({ ...said, decision: 'deny' }), 'differ in the decision'],
  ['a reason that nobody gave', (said) => ({ ...said, reason: 'fine' }), 'differ in the reason'],
  ['another call', (said) => ({ ...said, action: 'a'.repeat(64) }), 'differ in the call'],
  ['another view', (said) => ({ ...said, view: 'a'.repeat(64) }), 'differ in the view'],
  ['another person', (said) => ({ ...said, approver: 'person:per_x' }), 'differ in the approver'],
  ['another server', (said) => ({ ...said, scope: { aud: 'x', uses: 1, ttl: 60 } }), 'differ in the server'],
  ['another tool definition', (said) => ({ ...said, tool_def: 'sha256:x' }), 'differ in the tool definition'],
  ['an end in the past', (said) => ({ ...said, exp: 1 }), 'has expired'],
  ['a text that the challenge is not of', (said) => ({ ...said, nonce: 'x'.repeat(43) }), 'not the digest'],
])('a statement with %s is refused before the passkey is asked', async (_what, change, problem) => {
  await scene.enrolAda();
  lieInStatement(change);
  await expectRefusal(problem);
});

test('a statement for another site is refused', async () => {
  await scene.enrolAda();
  scene.gateway.tamper = (path, body) =>
    path.endsWith('/statement') ? { ...body, rp_id: 'evil.example' } : body;
  await expectRefusal('differ in the site');
});

test('a call that the gateway shows otherwise than it froze is refused', async () => {
  await scene.enrolAda();
  scene.gateway.tamper = (_path, body) =>
    'call_salt' in body ? { ...body, call: String(body.call).replace('7500', '75') } : body;
  await expectRefusal('differ in the call');
});

test('a view that the gateway shows otherwise than it froze is refused', async () => {
  await scene.enrolAda();
  scene.gateway.tamper = (_path, body) =>
    'call_salt' in body ? { ...body, view: String(body.view).replace('7500', '75') } : body;
  await expectRefusal('differ in the view');
});

test('a heading that names another tool than the call is refused', async () => {
  await scene.enrolAda();
  scene.gateway.tamper = (_path, body) => ('call_salt' in body ? { ...body, tool: 'invoices_list' } : body);
  await expectRefusal('differ in the tool on the page');
});

test.each<[string, (body: Json) => Json]>([
  [
    'a key twice',
    (body) => ({ ...body, call: String(body.call).replace('{"amount', '{"amount_cents":1,"amount') }),
  ],
  ['a view that reorders text', (body) => ({ ...body, view: `${String(body.view)}\u202E` })],
])('a call that has %s is not shown and cannot be decided', async (_what, change) => {
  await scene.enrolAda();
  scene.gateway.tamper = (_path, body) => ('call_salt' in body ? change(body) : body);
  const id = scene.gateway.desk.hold();
  await scene.ada.page.goto(`${scene.gateway.origin}/approvals/${id}`);
  await scene.ada.page.getByText('This call cannot be shown faithfully').waitFor();
  expect(await scene.approve().count()).toBe(0);
});

test('without user verification nothing is decided, and trying again works', async () => {
  await scene.enrolAda();
  const id = scene.gateway.desk.hold();
  await scene.openCall(id);
  await scene.ada.device.verifyUser(false);
  await scene.approve().click();
  await scene.ada.page.getByText('Nothing was decided').waitFor();
  expect(scene.gateway.desk.get(id).state).toBe('pending');
  await scene.ada.device.verifyUser(true);
  await scene.approve().click();
  await scene.ada.page.getByRole('heading', { name: /call is running/ }).waitFor();
});

test('a call that somebody else has decided meanwhile says so', async () => {
  await scene.enrolAda();
  const id = scene.gateway.desk.hold();
  await scene.openCall(id);
  await expect.poll(() => scene.approve().isEnabled()).toBe(true);
  scene.gateway.tamper = (path, body) => (path.endsWith(id) ? { ...body, state: 'pending' } : body);
  Object.assign(scene.gateway.desk.get(id), { state: 'denied' });
  await scene.approve().click();
  await scene.ada.page.getByText('This call is already denied.').waitFor();
});
