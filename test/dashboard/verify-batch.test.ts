import { expect, test } from 'vitest';
import { buildBatch } from '../../src/approvals/batch-statement.ts';
import { commitText, freezeCall } from '../../src/approvals/frozen-call.ts';
import { buildStatement } from '../../src/approvals/statement.ts';
import { statementChallenge } from '../../src/core/digest.ts';
import { verifyBatch } from '../../src/dashboard/browser/model/verify-batch.ts';
import type { Shown } from '../../src/dashboard/browser/model/verify-statement.ts';
import type { ApprovalDetail } from '../../src/sdk/approval.ts';
import type { Batch } from '../../src/sdk/batches.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const VIEW = 'Countersign approval view v1\n';
const LOG = 'localhost/default';

function member(n: number): { shown: Shown; statement: string } {
  const call = freezeCall({ server: 'mail', tool: 'send', args: { n } });
  const committed = commitText(call.text, new Uint8Array(32).fill(n));
  const view = commitText(VIEW, new Uint8Array(32).fill(9));
  const detail = {
    id: `apr_${n}`,
    log: LOG,
    instance: `i_${n}`,
    server: 'mail',
    tool: 'send',
    action: null,
    toolHash: 'sha256:t',
    policyVersion: 'sha256:p',
    callSalt: committed.salt,
    viewSalt: view.salt,
    callDigest: call.digest,
  };
  const statement = buildStatement({
    log: LOG,
    approval: detail.id,
    instance: detail.instance,
    decision: 'approve',
    actionCommit: committed.commit,
    viewCommit: view.commit,
    toolHash: detail.toolHash,
    policyVersion: detail.policyVersion,
    approver: 'person:per_1',
    scope: { aud: 'mail', uses: 1, ttl: 300 },
    nonce: Buffer.alloc(32, n).toString('base64url'),
    exp: NOW / 1_000 + 60,
  });
  return {
    statement,
    shown: {
      detail: detail as unknown as ApprovalDetail,
      call: call.text,
      view: VIEW,
      decision: 'approve',
      reason: undefined,
      personId: 'per_1',
      hostname: 'localhost',
      now: NOW,
    },
  };
}

const members = [member(1), member(2)];
const shown = members.map((one) => one.shown);
const texts = members.map((one) => one.statement);

function batchOf(statements: readonly string[] = texts, change: Partial<Batch> = {}): Batch {
  const batch = change.batch ?? buildBatch({ log: LOG, approver: 'person:per_1', statements });
  return {
    batch,
    challenge: Buffer.from(statementChallenge(batch)).toString('base64url'),
    expiresAt: '',
    rpId: 'localhost',
    allowCredentials: [],
    statements: texts.map((statement, at) => ({
      approval: `apr_${at + 1}`,
      statementId: `stm_${at}`,
      statement,
    })),
    ...change,
  };
}

test('a batch is signed when each of its statements is what the page shows', async () => {
  const given = batchOf();
  expect(await verifyBatch(given, shown)).toBe(given.challenge);
});

const extra = member(3).statement;
const refusals: readonly (readonly [string, Batch, readonly Shown[]])[] = [
  ['lists one more statement than is shown', batchOf([...texts, extra]), shown],
  ['lists another statement', batchOf([texts[0] ?? '', extra]), shown],
  ['is of another order', batchOf(texts.toReversed()), shown],
  [
    'is of another log',
    batchOf(texts, { batch: buildBatch({ log: 'x', approver: 'person:per_1', statements: texts }) }),
    shown,
  ],
  [
    'is of another approver',
    batchOf(texts, { batch: buildBatch({ log: LOG, approver: 'person:per_2', statements: texts }) }),
    shown,
  ],
  ['has another challenge', batchOf(texts, { challenge: 'AAAA' }), shown],
  ['is of more calls than are shown', batchOf(), shown.slice(0, 1)],
  ['is of calls in another order', batchOf(), shown.toReversed()],
  ['is for another site', batchOf(texts, { rpId: 'example.com' }), shown],
];
test.each(refusals)('nothing is signed when the batch %s', async (_what, given, screens) => {
  await expect(verifyBatch(given, screens)).rejects.toThrow(/^The (?:batch|statement|challenge)/);
});

test('nothing is signed when a page shows another call than its statement says', async () => {
  const [first, second] = shown as [Shown, Shown];
  const other = { ...second, call: first.call };
  await expect(verifyBatch(batchOf(), [first, other])).rejects.toThrow('differ in');
});
