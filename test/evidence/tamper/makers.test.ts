import { afterEach, beforeEach, expect, it } from 'vitest';
import { newApiKey } from '../../../src/sdk/new-api-key.ts';
import { openShop, type Shop } from '../../capabilities/support/shop.ts';
import type { Approver } from '../../support/approver.ts';
import { verifyIndependently } from '../independent/verify.ts';
import { verifyText } from '../support/verify.ts';

let shop: Shop;
let bob: Approver;
beforeEach(async () => {
  shop = await openShop();
  bob = await shop.person.invite('Bob');
});
afterEach(async () => shop.close());

/** A key that Bob makes on the page. */
async function bobsKey(): Promise<{ key: string; id: string }> {
  const { key, hint, hash } = await newApiKey();
  const signed = await bob.act('key.create', { name: 'bobs', roles: ['requester'], hint, hash });
  return { key, id: (await bob.fetch('POST', '/v1/keys/signed', signed)).body.id };
}

const hideMaker = (id: string) =>
  shop.write("UPDATE api_key SET created_by = 'gateway:start' WHERE id = ?", [id]);

async function exported(query = ''): Promise<string> {
  const response = await fetch(`${shop.origin}/v1/logs/export${query}`, {
    headers: { authorization: `Bearer ${shop.gateway.apiKey}` },
  });
  return response.text();
}

const vkeyOf = async (): Promise<string> => (await shop.gateway.api('GET', '/v1/logs/verify')).body.vkey;

it('a row that hides who made a key lets its maker decide, and nothing is released: the ledger tells it, and so does every export', async () => {
  const { key, id } = await bobsKey();
  const asked = (await shop.request(key)).body.id;
  expect((await bob.decide(asked, 'approve')).status).toBe(403);
  await hideMaker(id);
  expect((await bob.decide(asked, 'approve')).status).toBe(200);
  const refused = await shop.exchange(key, asked);
  expect(refused).toMatchObject({ status: 400, body: { error: 'unauthorized_client' } });
  expect(refused.body.error_description).toContain('made what asked for it');
  const vkey = await vkeyOf();
  for (const text of [await exported(), await exported(`?approval=${asked}`)]) {
    const found = await verifyText(text, { vkey });
    expect(found).toMatchObject({ ok: false, finding: { rule: 3, type: 'approval.decided' } });
    expect(verifyIndependently(text, vkey)).toMatchObject({ ok: false });
  }
});

it('an entry that hides who made a key, in the place of the one that was written, releases nothing', async () => {
  const { key, id } = await bobsKey();
  const asked = (await shop.request(key)).body.id;
  await hideMaker(id);
  expect((await bob.decide(asked, 'approve')).status).toBe(200);
  const made = (await shop.entries('key.created')).find((entry) => entry.body.key === id);
  const { hash: _hash, statement: _statement, proof: _proof, ...body } = made.body;
  await shop.write('DROP TRIGGER ledger_no_update', []);
  await shop.write(
    `UPDATE ledger SET entry = json_set(json_set(entry, '$.ref.principal', 'gateway:start'), '$.body', json(?)) WHERE seq = ?`,
    [JSON.stringify(body), made.seq],
  );
  const refused = await shop.exchange(key, asked);
  expect(refused.body.error_description).toMatch(/entry \d+ is not in the tree that this gateway wrote/);
});

it('an approval by somebody else is exchanged, and its bundle holds what tells who made what asked', async () => {
  const { key } = await bobsKey();
  const asked = await shop.approved(key);
  expect((await shop.exchange(key, asked)).status).toBe(200);
  const vkey = await vkeyOf();
  for (const text of [await exported(), await exported(`?approval=${asked}`)]) {
    expect(await verifyText(text, { vkey })).toMatchObject({ ok: true });
    expect(verifyIndependently(text, vkey)).toMatchObject({ ok: true });
  }
});
