import { expect, test } from 'vitest';
import { commitText, freezeAction } from '../../src/approvals/frozen-call.ts';
import { buildStatement } from '../../src/approvals/statement.ts';
import { statementChallenge } from '../../src/core/digest.ts';
import { verifyStatement } from '../../src/dashboard/browser/model/verify-statement.ts';
import type { ApprovalDetail } from '../../src/sdk/approval.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const VIEW = 'Countersign approval view v1\n';
const call = freezeAction({
  name: 'deployment.execute',
  resource: 'service:billing-api',
  args: { version: '1.2' },
  facts: { actor: 'service-account:release-bot', risk: 'high', metadata: {} },
});
const committed = commitText(call.text, new Uint8Array(32).fill(1));
const view = commitText(VIEW, new Uint8Array(32).fill(2));

const DETAIL = {
  id: 'apr_1',
  kind: 'action',
  log: 'localhost/default',
  instance: 'i_1',
  subject: 'service-account:release-bot',
  session: null,
  server: null,
  tool: call.tool,
  action: { name: call.tool, resource: call.server, actor: 'service-account:release-bot' },
  toolHash: 'none',
  policyVersion: 'sha256:policy',
  callSalt: committed.salt,
  viewSalt: view.salt,
  callDigest: call.digest,
};

const text = buildStatement({
  log: DETAIL.log,
  approval: DETAIL.id,
  instance: DETAIL.instance,
  decision: 'approve',
  actionCommit: committed.commit,
  viewCommit: view.commit,
  toolHash: DETAIL.toolHash,
  policyVersion: DETAIL.policyVersion,
  approver: 'person:per_1',
  scope: { aud: call.server, uses: 1, ttl: 300 },
  nonce: Buffer.alloc(32, 3).toString('base64url'),
  exp: NOW / 1_000 + 60,
});

function verify(change: object = {}): Promise<string> {
  const challenge = Buffer.from(statementChallenge(text)).toString('base64url');
  return verifyStatement(
    {
      statementId: 'stm_1',
      statement: text,
      challenge,
      expiresAt: '',
      rpId: 'localhost',
      allowCredentials: [],
    },
    {
      detail: { ...DETAIL, ...change } as unknown as ApprovalDetail,
      call: call.text,
      view: VIEW,
      decision: 'approve',
      reason: undefined,
      personId: 'per_1',
      hostname: 'localhost',
      now: NOW,
    },
  );
}

test('the statement of an action is signed when it is what the page shows', async () => {
  expect(await verify()).toMatch(/^[\w-]{43}$/);
});

test.each([
  ['the tool or action on the page', { tool: 'deployment.plan' }],
  ['the server or resource on the page', { action: { ...DETAIL.action, resource: 'service:harmless' } }],
  ['the actor on the page', { action: { ...DETAIL.action, actor: 'user:ann' } }],
  ['the actor', { subject: 'user:ann' }],
  ['the actor on the page', { action: null, server: call.server }],
])('a page that shows something else in %s signs nothing', async (what, change) => {
  await expect(verify(change)).rejects.toThrow(`differ in ${what}.`);
});
