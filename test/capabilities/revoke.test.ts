import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openShop, type Shop } from './support/shop.ts';

let shop: Shop;
let as: string;

beforeAll(async () => {
  shop = await openShop();
  as = await shop.login();
});
afterAll(() => shop.close());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const isActive = async (token: string): Promise<boolean> =>
  (await shop.post('/oauth/introspect', { token }, bearer(as))).body.active;

async function capabilityOf(approvalId: string): Promise<any> {
  return (await shop.gateway.api('GET', `/v1/capabilities?approval=${approvalId}`)).body.data[0];
}

describe('a capability that is revoked', () => {
  it('before its exchange gives no token, and its approval is void', async () => {
    const approvalId = await shop.approved(as);
    const { id } = await capabilityOf(approvalId);
    const form = { token: id, reason: 'the freeze began' };
    expect((await shop.post('/oauth/revoke', form, bearer(shop.gateway.apiKey))).status).toBe(200);
    const refused = await shop.exchange(as, approvalId);
    expect([refused.status, refused.body.error]).toEqual([400, 'invalid_grant']);
    expect(refused.body.error_description).toContain(
      'is void (Its capability was revoked: the freeze began)',
    );
    expect(await capabilityOf(approvalId)).toMatchObject({
      state: 'revoked',
      revoke_reason: 'the freeze began',
    });
    const entries = (await shop.gateway.api('GET', `/v1/logs?approval=${approvalId}`)).body.data;
    expect(entries.map((entry: any) => entry.type)).toEqual(
      expect.arrayContaining(['capability.revoked', 'approval.void']),
    );
  });

  it('after its exchange is no longer in force for those who ask', async () => {
    const approvalId = await shop.approved(as);
    const { access_token: token } = (await shop.exchange(as, approvalId)).body;
    expect(await isActive(token)).toBe(true);
    expect((await shop.post('/oauth/revoke', { token }, bearer(as))).status).toBe(200);
    expect(await isActive(token)).toBe(false);
    const { body } = await shop.gateway.api('GET', `/v1/approvals/${approvalId}`);
    expect(body.state).toBe('executing');
  });

  it('again, or that does not exist, changes nothing', async () => {
    const approvalId = await shop.approved(as);
    const { id } = await capabilityOf(approvalId);
    for (const token of [id, id, 'x'])
      expect((await shop.post('/oauth/revoke', { token }, bearer(as))).status).toBe(200);
    const revoked = (await shop.entries('capability.revoked')).filter(
      (one) => one.ref.approval === approvalId,
    );
    expect(revoked).toHaveLength(1);
    const unknown = await shop.post('/oauth/revoke', { token: 'cap_none' }, bearer(as));
    expect(unknown.status).toBe(400);
  });

  it('is revoked for a reason of any letters, kept whole, or not at all', async () => {
    const approvalId = await shop.approved(as);
    const { id } = await capabilityOf(approvalId);
    for (const reason of ['x'.repeat(2_001), 'a\0b']) {
      const { status, body } = await shop.post('/oauth/revoke', { token: id, reason }, bearer(as));
      expect([status, body.error]).toEqual([400, 'invalid_request']);
    }
    expect(await capabilityOf(approvalId)).toMatchObject({ state: 'issued' });
    const reason = `${'x'.repeat(499)}\u{1F6AB} stop`;
    expect((await shop.post('/oauth/revoke', { token: id, reason }, bearer(as))).status).toBe(200);
    expect(await capabilityOf(approvalId)).toMatchObject({ state: 'revoked', revoke_reason: reason });
  });

  it('is revoked by its holder or an operator alone', async () => {
    const approvalId = await shop.approved(as);
    const { id } = await capabilityOf(approvalId);
    const { status, body } = await shop.post('/oauth/revoke', { token: id }, bearer(shop.requesterKey));
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
    expect((await shop.post('/oauth/revoke', { token: id })).status).toBe(401);
    expect((await shop.exchange(as, approvalId)).status).toBe(200);
  });

  it('is never both revoked and exchanged when both are asked at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const approvalId = await shop.approved(as);
      const { id } = await capabilityOf(approvalId);
      const [exchanged] = await Promise.all([
        shop.exchange(as, approvalId),
        shop.post('/oauth/revoke', { token: id }, bearer(as)),
      ]);
      const { body } = await shop.gateway.api('GET', `/v1/approvals/${approvalId}`);
      expect([exchanged.status, body.state]).toEqual(
        exchanged.status === 200 ? [200, 'executing'] : [400, 'void'],
      );
    }
  });

  it('cannot be a session, which is ended elsewhere', async () => {
    const token = String(shop.gateway.app.session.mcp.headers.Authorization).replace('Bearer ', '');
    const { status, body } = await shop.post('/oauth/revoke', { token }, bearer(as));
    expect([status, body.error]).toEqual([400, 'unsupported_token_type']);
  });
});

describe('the list of capabilities', () => {
  it('shows a service account its own alone, page by page, and never a token', async () => {
    const mine = await shop.approved(as);
    const other = await shop.approved(shop.requesterKey, {
      action: 'refund.create',
      resource: 'x:1',
      actor: 'job:1',
    });
    const { access_token: token } = (await shop.exchange(as, mine)).body;
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await fetch(`${shop.origin}/v1/capabilities?limit=3${cursor}`, { headers: bearer(as) });
      const text = await page.text();
      expect(text).not.toContain(token.split('.')[2]);
      const body = JSON.parse(text);
      seen.push(...body.data.map((one: any) => one.approval));
      if (!body.has_more) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toContain(mine);
    expect(seen).not.toContain(other);
    const foreign = await capabilityOf(other);
    const one = await fetch(`${shop.origin}/v1/capabilities/${foreign.id}`, { headers: bearer(as) });
    expect(one.status).toBe(404);
  });
});
