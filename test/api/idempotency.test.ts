import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Office, openOffice } from './support/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

function mint(key: string, more: { subject?: string; as?: string } = {}): Promise<Answer> {
  const { subject = 'ann', as } = more;
  return office.ask('POST', '/v1/sessions', {
    as: as ?? office.gateway.apiKey,
    body: { subject },
    headers: { 'idempotency-key': key },
  });
}

async function sessionsOf(subject: string): Promise<number> {
  return (await office.ask('GET', `/v1/sessions?subject=${subject}`)).body.data.length;
}

describe('a request with an Idempotency-Key', () => {
  it('is carried out once, and answered again with the first answer, secrets included', async () => {
    const first = await mint('mint-1', { subject: 'once' });
    const second = await mint('mint-1', { subject: 'once' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect([first, second].map((one) => one.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(await sessionsOf('once')).toBe(1);
  });

  it('is refused when the key was used for another body or another path', async () => {
    await mint('mint-2', { subject: 'first' });
    const other = await mint('mint-2', { subject: 'second' });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch']);
    const key = { 'idempotency-key': 'mint-2' };
    const body = { subject: 'first' };
    const elsewhere = await office.ask('POST', '/v1/approvals', { body, headers: key });
    expect(elsewhere.status).toBe(422);
    expect(await sessionsOf('second')).toBe(0);
  });

  it('is carried out once when it comes many times at once', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => mint('mint-3', { subject: 'many' })));
    const made = new Set(all.filter((one) => one.status === 201).map((one) => one.body.id));
    const refused = all.filter((one) => one.status !== 201);
    expect(made.size).toBe(1);
    for (const one of refused) {
      expect([one.status, one.body.code, one.headers.get('retry-after')]).toEqual([409, 'conflict', '1']);
    }
    expect(await sessionsOf('many')).toBe(1);
  });

  it('leaves the key free when it was refused, so that it can be put right and sent again', async () => {
    const refused = await mint('mint-4', { subject: 'not valid' });
    expect(refused.status).toBe(400);
    expect((await mint('mint-4', { subject: 'valid' })).status).toBe(201);
  });

  it('shares no key with another caller', async () => {
    const one = await mint('mint-5', { subject: 'shared' });
    const other = await mint('mint-5', { subject: 'shared', as: office.keys.minter });
    expect(other.status).toBe(201);
    expect(other.body.id).not.toBe(one.body.id);
  });

  it('needs a key of printable ASCII, at most 255 characters of it', async () => {
    for (const key of ['x'.repeat(256), 'ü', '\t'].filter((one) => one.trim() !== '')) {
      const refused = await mint(key, { subject: 'bad-key' });
      expect([refused.status, refused.body.fields[0].field]).toEqual([400, 'Idempotency-Key']);
    }
    expect(await sessionsOf('bad-key')).toBe(0);
  });

  it('is answered to nobody whose key has been revoked since', async () => {
    const made = await office.ask('POST', '/v1/keys', { body: { name: 'gone', roles: ['minter'] } });
    await mint('mint-6', { as: made.body.key });
    await office.ask('POST', `/v1/keys/${made.body.id}/revoke`, { body: {} });
    expect((await mint('mint-6', { as: made.body.key })).status).toBe(401);
  });

  it('keeps no answer in clear: the secret it holds is nowhere in the database', async () => {
    const { body } = await mint('mint-7', { subject: 'sealed' });
    const token = String(body.mcp.headers.Authorization).replace('Bearer ', '');
    expect(token.length).toBeGreaterThan(20);
    const folder = join(office.gateway.dir, 'data');
    const files = readdirSync(folder).filter((name) => name.startsWith('countersign.db'));
    expect(files.length).toBeGreaterThan(0);
    for (const name of files) expect(readFileSync(join(folder, name)).includes(token)).toBe(false);
  });

  it('whose answer was lost when the gateway stopped is refused, with word that it may have been carried out', async () => {
    await mint('mint-9', { subject: 'lost' });
    const database = new Database(join(office.gateway.dir, 'data', 'countersign.db'));
    database.exec("UPDATE idempotent_request SET answer = NULL WHERE key = 'mint-9'");
    database.close();
    const again = await mint('mint-9', { subject: 'lost' });
    expect([again.status, again.body.code, again.headers.get('retry-after')]).toEqual([
      409,
      'conflict',
      null,
    ]);
    expect(again.body.detail).toContain('may have been carried out');
    expect(await sessionsOf('lost')).toBe(1);
  });

  it('is answered after a restart as before', async () => {
    const { gateway } = office;
    const key = { 'idempotency-key': 'mint-8' };
    const first = await gateway.api('POST', '/v1/sessions', { subject: 'again' }, key);
    await gateway.restart();
    const again = await gateway.api('POST', '/v1/sessions', { subject: 'again' }, key);
    expect(again.body.id).toBe(first.body.id);
  });
});
