import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWorkshop } from './workshop.ts';

const POLICY = `version: 1
defaults: { effect: deny }
rules:
  - id: refunds
    match: { tools: ["refund.create"], kinds: [action] }
    effect: hold
    risk: high
    reason: Money leaves the company.
`;

async function openCounter(...refunds: { id: string; amount_cents: number }[]) {
  const shop = await openWorkshop('refund-worker', POLICY);
  const folder = join(shop.dir, 'refunds');
  await mkdir(join(folder, 'inbox'), { recursive: true });
  for (const refund of refunds)
    await writeFile(
      join(folder, 'inbox', `${refund.id}.json`),
      JSON.stringify({ invoice: `inv_${refund.id}`, ...refund }),
    );
  const work = () => shop.start([process.execPath, 'refund-worker/worker.js', folder]);
  const paid = async () =>
    (await readFile(join(folder, 'bank.jsonl'), 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return { shop, folder, work, paid, list: (name: string) => readdir(join(folder, name)) };
}

test('the refund worker pays what a person approved and leaves the rest', async () => {
  const { shop, work, paid, list } = await openCounter(
    { id: 'r_1', amount_cents: 7_500 },
    { id: 'r_2', amount_cents: 99_999 },
  );
  const worker = work();
  const first = await shop.pending();
  const second = await shop.pending([first.id]);
  for (const held of [first, second]) {
    const isSmall = held.action.metadata.refund === 'r_1';
    await shop.approver.decide(held.id, isSmall ? 'approve' : 'deny');
  }
  expect(await worker.ended).toMatchObject({ code: 0, stderr: '' });
  const approval = [first, second].find((held) => held.action.metadata.refund === 'r_1')?.id;
  expect(await paid()).toMatchObject([
    { refund: 'r_1', amount_cents: 7_500, approval, approvers: [`person:${shop.approver.id}`] },
  ]);
  expect([await list('paid'), await list('refused'), await list('inbox')]).toEqual([
    ['r_1.json'],
    ['r_2.json'],
    [],
  ]);
  expect((await shop.approvals()).map((one) => one.state).sort()).toEqual(['denied', 'succeeded']);
});

test('a refund worker that was killed while it waited finds its approval again and pays once', async () => {
  const { shop, work, paid, list } = await openCounter({ id: 'r_1', amount_cents: 7_500 });
  const killed = work();
  const held = await shop.pending();
  killed.child.kill('SIGKILL');
  await killed.ended;
  await shop.approver.decide(held.id, 'approve');
  expect((await work().ended).code).toBe(0);
  expect(await paid()).toHaveLength(1);
  expect(await list('paid')).toEqual(['r_1.json']);
  expect((await work().ended).code).toBe(0);
  expect(await shop.approvals()).toHaveLength(1);
});

test('a refund worker that was cut off after the exchange asks the bank, and does not pay on a used approval', async () => {
  const { shop, work, paid, list } = await openCounter({ id: 'r_1', amount_cents: 7_500 });
  const killed = work();
  const held = await shop.pending();
  killed.child.kill('SIGKILL');
  await killed.ended;
  await shop.approver.decide(held.id, 'approve');
  const exchanged = await shop.start(['countersign', 'capability', 'exchange', '--request', held.id]).ended;
  expect(exchanged.code).toBe(0);
  expect((await work().ended).code).toBe(0);
  expect(await paid()).toEqual([]);
  expect(await list('failed')).toEqual(['r_1.json']);
  expect(await shop.approvals()).toMatchObject([
    { state: 'failed', state_reason: 'The worker was cut off; the bank was asked.' },
  ]);
});

test('a refund whose amount was changed after the approval is not paid', async () => {
  const { shop, folder, work, paid, list } = await openCounter({ id: 'r_1', amount_cents: 7_500 });
  const killed = work();
  const held = await shop.pending();
  killed.child.kill('SIGKILL');
  await killed.ended;
  await shop.approver.decide(held.id, 'approve');
  const changed = { id: 'r_1', invoice: 'inv_r_1', amount_cents: 750_000 };
  await writeFile(join(folder, 'inbox', 'r_1.json'), JSON.stringify(changed));
  const refused = await work().ended;
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('idempotency_mismatch');
  expect(await paid()).toEqual([]);
  expect(await list('inbox')).toEqual(['r_1.json']);
});
