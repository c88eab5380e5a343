import { generateKeyPairSync } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeJwt, exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkCapability } from '../../src/capabilities/verify/check-capability.ts';
import { systemClock } from '../../src/core/clock.ts';
import { openShop, REFUND, type Shop } from '../capabilities/support/shop.ts';
import { openTerminal } from './run-command.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());

/** A terminal whose key file is the service account's. */
async function machineTerminal(env: Record<string, string> = {}) {
  const terminal = await openTerminal({ COUNTERSIGN_URL: shop.origin, ...env });
  const file = join(terminal.dir, 'bot.key');
  await writeFile(file, JSON.stringify(await exportJWK(shop.bot.privateKey)), { mode: 0o600 });
  const account = ['--service-account', shop.bot.id, '--key-file', 'bot.key'];
  const run = (line: string, more = {}) =>
    terminal.run([...account, ...line.split(' ')], { checkCapability, now: systemClock, ...more });
  return { ...terminal, run, bare: terminal.run, file };
}

const VERIFY = [
  '--audience payments:acme --action refund.create --resource payments:acme',
  '--actor service-account:release-bot',
].join(' ');
const ARGUMENTS = JSON.stringify(REFUND.arguments);

describe('countersign capability', () => {
  test('exchanges what was approved and prints the token alone, once', async () => {
    const { run } = await machineTerminal();
    const approvalId = await shop.approved(await shop.login());
    const first = await run(
      `capability exchange --request ${approvalId} --actor service-account:release-bot`,
    );
    expect([first.code, first.stdout.split('\n')]).toEqual([0, [expect.stringMatching(/^eyJ/), '']]);
    expect(first.stderr).toContain('not shown again');
    expect(decodeJwt(first.stdout.trim()).txn).toBe(approvalId);
    const again = await run(`capability exchange --request ${approvalId}`);
    expect([again.code, again.stdout]).toEqual([5, '']);
    expect(again.stderr).toContain('works once');
  });

  test('says by its exit code why there is nothing to exchange', async () => {
    const { run } = await machineTerminal();
    const as = await shop.login();
    const denied = (await shop.request(as)).body.id;
    await shop.person.decide(denied, 'deny', 'no');
    const pending = (await shop.request(as)).body.id;
    expect((await run(`capability exchange --request ${denied}`)).code).toBe(3);
    expect((await run(`capability exchange --request ${pending}`)).code).toBe(5);
    expect((await run('capability exchange --request apr_none')).code).not.toBe(0);
  });

  test('proves the account’s key where the rule asks for a proof', async () => {
    const { run } = await machineTerminal();
    const approvalId = await shop.approved(await shop.login(), { action: 'vault.open', resource: 'vault:1' });
    const ran = await run(`capability exchange --request ${approvalId} --json`);
    const [body] = ran.json() as { token: string; token_type: string }[];
    expect([ran.code, body?.token_type]).toEqual([0, 'DPoP']);
    expect(decodeJwt(body?.token ?? '').cnf).toEqual({ jkt: shop.bot.jkt });
  });

  test('makes a key for an API key where the rule asks for a proof, and hands it over with the token', async () => {
    const { bare } = await machineTerminal({ COUNTERSIGN_API_KEY: shop.requesterKey });
    const approvalId = await shop.approved(shop.requesterKey, {
      action: 'vault.open',
      resource: 'vault:1',
      actor: 'job:1',
    });
    const ran = await bare(`capability exchange --request ${approvalId} --json`);
    expect([ran.code, ran.json()[0]]).toMatchObject([0, { token_type: 'DPoP', dpop_key: { kty: 'EC' } }]);
  });

  test('checks a token as a downstream does, and ends with 7 when it does not hold', async () => {
    const { run } = await machineTerminal();
    const approvalId = await shop.approved(await shop.login());
    const token = (await run(`capability exchange --request ${approvalId}`)).stdout.trim();
    const check = `capability verify ${token} --issuer ${shop.origin} ${VERIFY} --arguments`;
    expect((await run(`${check} ${ARGUMENTS}`)).code).toBe(0);
    const other = await run(`${check} {"order":"o_1","cents":9}`);
    expect([other.code, other.stderr]).toEqual([7, expect.stringContaining('(call)')]);
    const later = await run(`${check} ${ARGUMENTS}`, { now: () => systemClock() + 200_000 });
    expect([later.code, later.stderr]).toEqual([7, expect.stringContaining('(expired)')]);
    const asked = await run(`capability verify ${token} --issuer ${shop.origin} --audience x`);
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--tool')]);
  });

  test('shows a capability and a token, and revokes', async () => {
    const { run } = await machineTerminal();
    const approvalId = await shop.approved(await shop.login());
    const token = (await run(`capability exchange --request ${approvalId}`)).stdout.trim();
    const [listed] = (await run(`capability list --request ${approvalId} --json`)).json() as any[];
    const id = listed.data[0].id;
    expect((await run(`capability inspect ${id}`)).stdout).toContain('exchanged');
    const inspected = await run(`capability inspect ${token}`);
    expect([inspected.code, inspected.stdout]).toEqual([0, expect.stringContaining(approvalId)]);
    expect((await run(`capability revoke ${id} --reason enough`)).code).toBe(0);
    expect((await run(`capability inspect ${token}`)).code).toBe(1);
    expect((await run(`capability inspect ${id}`)).stdout).toContain('revoked: enough');
  });
});

describe('a service account on the command line', () => {
  test('comes from the environment as well', async () => {
    const { bare, file } = await machineTerminal();
    const env = {
      COUNTERSIGN_URL: shop.origin,
      COUNTERSIGN_SERVICE_ACCOUNT: shop.bot.id,
      COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE: file,
    };
    expect((await bare('capability list', { env })).code).toBe(0);
    const both = await bare('capability list', { env: { ...env, COUNTERSIGN_API_KEY: shop.requesterKey } });
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('Unset the other')]);
    const flag = await bare(`--api-key ${shop.requesterKey} capability list`, { env });
    expect(flag.code).toBe(0);
  });

  test('is not taken from a key file that others can read', async () => {
    const { run, file } = await machineTerminal();
    await chmod(file, 0o644);
    const { code, stderr } = await run('capability list');
    expect([code, stderr]).toEqual([1, expect.stringContaining(`run: chmod 600 ${file}`)]);
  });

  test.each([
    ['half of it', '--service-account svc_1 capability list', '--key-file'],
    ['a key without an account', '--key-file bot.key capability list', '--service-account'],
    [
      'an API key beside it',
      '--api-key cs_1 --service-account svc_1 --key-file bot.key key list',
      'not both',
    ],
  ])('is refused with %s', async (_, line, told) => {
    const { bare } = await machineTerminal();
    const { code, stderr } = await bare(line);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
  });

  test.each([
    ['no key', 'hello', 'expected a private key in PEM or as a JWK'],
    [
      'a key of another kind',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
      'expected a key of Ed25519 or P-256',
    ],
  ])('is refused with a file that holds %s', async (_, text, told) => {
    const { run, file } = await machineTerminal();
    await writeFile(file, text);
    expect((await run('capability list')).stderr).toContain(told);
  });

  test('of another key is told that it cannot sign in', async () => {
    const { run, file } = await machineTerminal();
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const { code, stderr } = await run('capability list');
    expect([code, stderr]).toEqual([4, expect.stringContaining('client_assertion')]);
  });
});
