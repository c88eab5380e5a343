/**
 * Pays out the refunds in a folder, each after a person has approved exactly it. Run it as often as you like: a refund is
 * asked for once, and paid at most once, also when the worker is killed at any moment.
 *
 *     node worker.js FOLDER
 *
 * FOLDER/inbox holds one JSON file for each refund: {"id": "r_1", "invoice": "inv_1", "amount_cents": 7500}. They move to
 * FOLDER/paid, FOLDER/refused or FOLDER/failed. COUNTERSIGN_URL, COUNTERSIGN_SERVICE_ACCOUNT and
 * COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE say where and as whom the worker asks.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Countersign } from 'countersign';
import { openBank } from './bank.js';

const { COUNTERSIGN_URL, COUNTERSIGN_SERVICE_ACCOUNT, COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE } = process.env;
const [folder = '.'] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE));

const countersign = new Countersign({
  baseUrl: COUNTERSIGN_URL,
  serviceAccount: {
    id: COUNTERSIGN_SERVICE_ACCOUNT,
    sign: async (bytes) => sign(null, bytes, key),
  },
});
const bank = openBank({ file: join(folder, 'bank.jsonl'), issuer: COUNTERSIGN_URL });

/** The refund as it is asked for, and as the bank checks it against the capability. */
function actionOf(refund) {
  return {
    action: 'refund.create',
    resource: `invoice:${refund.invoice}`,
    actor: 'service-account:refund-worker',
    risk: 'high',
    metadata: { refund: refund.id },
    arguments: { amount_cents: refund.amount_cents },
  };
}

/** What becomes of one refund: `paid`, `refused` or `failed`. */
async function settle(refund) {
  const action = actionOf(refund);
  // The key makes a worker that starts again find what it has asked for already.
  let approval = await countersign.approvals.request({ ...action, idempotencyKey: refund.id });
  console.log(`${refund.id} ${approval.state} ${approval.url}`);
  if (approval.state === 'pending') approval = await countersign.approvals.wait(approval.id);

  if (approval.state === 'approved') {
    const { token } = await countersign.capabilities.exchange(approval.id);
    try {
      await bank.pay(token, refund.id, action);
    } catch (error) {
      await countersign.approvals.reportOutcome(approval.id, { state: 'failed', note: error.message });
      return 'failed';
    }
    await countersign.approvals.reportOutcome(approval.id, { state: 'succeeded' });
    return 'paid';
  }
  if (approval.state === 'executing') {
    // A worker before this one took it up and was cut off. The approval is used up; only the bank knows the rest.
    const paid = bank.has(refund.id);
    const note = 'The worker was cut off; the bank was asked.';
    await countersign.approvals.reportOutcome(approval.id, { state: paid ? 'succeeded' : 'failed', note });
    return paid ? 'paid' : 'failed';
  }
  if (approval.state === 'succeeded') return 'paid';
  return approval.state === 'failed' || approval.state === 'unknown' ? 'failed' : 'refused';
}

async function work(name) {
  const refund = JSON.parse(readFileSync(join(folder, 'inbox', name), 'utf8'));
  const outcome = await settle(refund);
  renameSync(join(folder, 'inbox', name), join(folder, outcome, name));
  console.log(`${refund.id} ${outcome}`);
}

for (const outcome of ['inbox', 'paid', 'refused', 'failed'])
  mkdirSync(join(folder, outcome), { recursive: true });
await Promise.all(readdirSync(join(folder, 'inbox')).map(work));
