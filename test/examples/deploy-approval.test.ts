import { mkdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openWorkshop } from './workshop.ts';

const SHIPPED = fileURLToPath(new URL('../../policies/deployments.yaml', import.meta.url));

async function openHost() {
  const shop = await openWorkshop('release-bot', await readFile(SHIPPED, 'utf8'));
  const releases = join(shop.dir, 'releases');
  for (const version of ['1.2', '1.3'])
    await mkdir(join(releases, 'billing-api', version), { recursive: true });
  const run = (program: string, env: Record<string, string>, ...args: string[]) =>
    shop.start([`deploy-approval/${program}`, ...args], { RELEASES: releases, ...env });
  const live = () => readlink(join(releases, 'billing-api', 'production')).catch(() => 'nothing');
  return { shop, releases, run, live };
}

test('the deploy script deploys what a person approved, and the ledger tells the whole of it', async () => {
  const { shop, run, live } = await openHost();
  const script = run('deploy.sh', {}, 'billing-api', '1.3', 'production');
  const held = await shop.pending();
  expect(held).toMatchObject({
    risk: 'critical',
    rule: { id: 'deployment-production' },
    subject: 'service-account:release-bot',
    effect: 'deployment.execute service:billing-api: version 1.3, environment production',
  });
  expect(await live()).toBe('nothing');
  await shop.approver.decide(held.id, 'approve');
  const ran = await script.ended;
  expect([ran.code, ran.stdout]).toEqual([0, `billing-api 1.3 is live in production (${held.id})\n`]);
  expect(await live()).toBe('1.3');

  const { body } = await shop.gateway.api('GET', `/v1/logs?order=asc&approval=${held.id}`);
  expect(body.data.map((entry: any) => entry.type)).toEqual([
    'approval.requested',
    'approval.decided',
    'approval.approved',
    'capability.issued',
    'approval.executing',
    'capability.exchanged',
    'approval.outcome',
  ]);
  expect(body.data.at(-1).body).toMatchObject({
    state: 'succeeded',
    reason: 'production of billing-api now runs 1.3',
  });
});

test('the deploy script changes nothing when a person says no, and its exit code tells', async () => {
  const { shop, run, live } = await openHost();
  const script = run('deploy.sh', {}, 'billing-api', '1.3', 'production');
  const held = await shop.pending();
  await shop.approver.decide(held.id, 'deny', 'Not on a Friday.');
  expect((await script.ended).code).toBe(3);
  const late = run('deploy.sh', { APPROVAL_TIMEOUT: '50ms' }, 'billing-api', '1.3', 'production');
  expect((await late.ended).code).toBe(5);
  expect((await run('deploy.sh', {}, 'billing-api').ended).code).toBe(2);
  expect(await live()).toBe('nothing');
});

test('the host of the service refuses what was not approved, and a capability that was used', async () => {
  const { shop, run, live } = await openHost();
  const request = ['approval', 'request', '--json', '--action', 'deployment.execute'];
  const facts = ['--resource', 'service:billing-api', '--risk', 'high'];
  const asked = shop.start([
    'countersign',
    ...request,
    ...facts,
    ...['--metadata', 'environment=production', '--argument', 'version=1.3', '--wait'],
  ]);
  const held = await shop.pending();
  await shop.approver.decide(held.id, 'approve');
  await asked.ended;
  const exchanged = await shop.start([
    'countersign',
    ...['capability', 'exchange', '--request', held.id, '--actor', 'service-account:release-bot'],
  ]).ended;
  const COUNTERSIGN_CAPABILITY = exchanged.stdout.trim();
  const apply = async (...args: string[]) =>
    (await run('apply-release.sh', { COUNTERSIGN_CAPABILITY }, ...args).ended).stderr.trim();

  expect(await apply('billing-api', '1.2', 'production')).toContain('refused: ');
  expect(await apply('billing-api', '1.3', 'staging')).toContain('refused: ');
  expect(await apply('billing-api', '../1.3', 'production')).toContain('is not a name of letters');
  expect(await live()).toBe('nothing');
  expect(await apply('billing-api', '1.3', 'production')).toBe('');
  expect(await live()).toBe('1.3');
  expect(await apply('billing-api', '1.3', 'production')).toContain('used already');
});

test('a release that does not exist is reported as a failure', async () => {
  const { shop, run } = await openHost();
  const script = run('deploy.sh', {}, 'billing-api', '9.9', 'production');
  const held = await shop.pending();
  await shop.approver.decide(held.id, 'approve');
  expect(await script.ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('billing-api has no release 9.9'),
  });
  expect((await shop.approvals())[0]).toMatchObject({ id: held.id, state: 'failed' });
});
