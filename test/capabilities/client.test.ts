import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { exportPKCS8 } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Countersign, dpopProof, newDpopKey, verifyCapability } from '../../src/index.ts';
import { openShop, REFUND, type Shop } from './support/shop.ts';

let shop: Shop;
let key: KeyObject;

beforeAll(async () => {
  shop = await openShop();
  key = createPrivateKey(await exportPKCS8(shop.bot.privateKey));
});
afterAll(() => shop.close());

/** A client that signs in as the service account, and what it has sent. */
function client(dsaEncoding: 'ieee-p1363' | 'der' = 'ieee-p1363') {
  const sent: string[] = [];
  const countersign = new Countersign({
    baseUrl: shop.origin,
    serviceAccount: {
      id: shop.bot.id,
      algorithm: 'ES256',
      sign: async (bytes) => sign('sha256', bytes, { key, dsaEncoding }),
    },
    fetch: (url, init) => {
      sent.push(`${init.method} ${new URL(url).pathname}`);
      return fetch(url, init);
    },
  });
  return { countersign, sent };
}

describe('the client', () => {
  it('signs in once as its service account, and then requests, waits, exchanges and reports', async () => {
    const { countersign, sent } = client();
    const asked = await countersign.approvals.request(REFUND);
    await shop.person.decide(asked.id, 'approve', 'fine');
    await countersign.approvals.wait(asked.id);
    const { token } = await countersign.capabilities.exchange(asked.id);
    const verified = await verifyCapability(token, {
      issuer: shop.origin,
      audience: REFUND.resource,
      call: { ...REFUND, actor: 'service-account:release-bot' },
    });
    expect(verified).toMatchObject({ approval: asked.id, approvers: [`person:${shop.person.id}`] });
    const done = await countersign.approvals.reportOutcome(asked.id, { state: 'succeeded' });
    expect(done.state).toBe('succeeded');
    expect(sent.filter((one) => one === 'POST /oauth/token')).toHaveLength(2);
  });

  it('binds a token to a key, and proves that key to whoever takes the token', async () => {
    const { countersign } = client();
    const dpop = await newDpopKey();
    const { id } = await countersign.approvals.request({ action: 'vault.open', resource: 'vault:1' });
    await shop.person.decide(id, 'approve', 'fine');
    const { token, tokenType } = await countersign.capabilities.exchange(id, { dpop });
    expect(tokenType).toBe('DPoP');
    const request = { method: 'POST', url: 'https://vault.example/open' };
    const options = {
      issuer: shop.origin,
      audience: 'vault:1',
      call: { action: 'vault.open', resource: 'vault:1', actor: 'service-account:release-bot' },
    };
    const proof = await dpopProof(dpop, { ...request, accessToken: token });
    await expect(verifyCapability(token, { ...options, dpop: { ...request, proof } })).resolves.toMatchObject(
      {
        approval: id,
      },
    );
    const foreign = await dpopProof(await newDpopKey(), { ...request, accessToken: token });
    await expect(
      verifyCapability(token, { ...options, dpop: { ...request, proof: foreign } }),
    ).rejects.toMatchObject({ code: 'proof' });
  });

  it('tells what the gateway says of an exchange that it refuses', async () => {
    const { countersign } = client();
    const { id } = await countersign.approvals.request(REFUND);
    await expect(countersign.capabilities.exchange(id)).rejects.toMatchObject({
      name: 'CountersignApiError',
      code: 'conflict',
      message: expect.stringContaining('is pending'),
      requestId: expect.stringMatching(/^req_/),
    });
  });

  it('refuses a key that signs in another encoding, and says which is meant', async () => {
    const { countersign, sent } = client('der');
    await expect(countersign.capabilities.list()).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('not DER'),
    });
    expect(sent).toEqual([]);
  });

  it('signs in again when its access token is no longer in force', async () => {
    const { countersign, sent } = client();
    await countersign.capabilities.list();
    await shop.write('UPDATE access_token SET revoked_at = 1 WHERE revoked_at IS NULL', []);
    await expect(countersign.capabilities.list()).rejects.toMatchObject({ code: 'unauthenticated' });
    await countersign.capabilities.list();
    expect(sent.filter((one) => one === 'POST /oauth/token')).toHaveLength(2);
  });
});
