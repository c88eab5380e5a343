import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalize } from '../../src/core/canonical.ts';
import { sha256Hex } from '../../src/core/digest.ts';
import { newMachine } from './support/machine.ts';
import { openShop, REFUND, type Shop } from './support/shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.close());

describe('an approved action', () => {
  it('is exchanged for a token that says exactly what was approved, by whom, and where the ledger has it', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const { status, headers, body } = await shop.exchange(as, approvalId, {
      actor: 'service-account:release-bot',
    });
    expect([status, body]).toMatchObject([200, { token_type: 'Bearer', expires_in: 120 }]);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body.issued_token_type).toBe('urn:ietf:params:oauth:token-type:access_token');
    const decided = (await shop.entries('approval.decided')).find(
      (entry) => entry.ref.approval === approvalId,
    );
    expect(decodeProtectedHeader(body.access_token)).toEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    });
    const actor = 'service-account:release-bot';
    const call = { ...REFUND, actor, metadata: {}, risk: '' };
    const detail = {
      type: 'countersign_action',
      locations: ['payments:acme'],
      action: 'refund.create',
      actor,
      call_sha256: sha256Hex(canonicalize(call)),
    };
    const claims = decodeJwt(body.access_token);
    expect(claims).toEqual({
      iss: shop.origin,
      aud: 'payments:acme',
      sub: actor,
      client_id: `service_account:${shop.bot.id}`,
      jti: expect.stringMatching(/^tok_/),
      txn: approvalId,
      iat: expect.any(Number),
      nbf: claims.iat,
      exp: (claims.iat ?? 0) + 120,
      cnf: { jkt: shop.bot.jkt },
      authorization_details: [detail],
      basis: 'decision',
      approvers: [`person:${shop.person.id}`],
      ledger: { origin: `${new URL(shop.origin).host}/default`, index: decided?.seq },
    });
    expect(body.authorization_details).toEqual([detail]);
  });

  it('is exchanged once: asked again, with a new login too, there is nothing', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    expect((await shop.exchange(as, approvalId)).status).toBe(200);
    const again = await shop.exchange(await shop.login(), approvalId);
    expect([again.status, again.body]).toMatchObject([400, { error: 'invalid_grant', code: 'conflict' }]);
    expect(again.body.error_description).toContain('works once');
    expect(await shop.entries('capability.exchanged')).toHaveLength(2);
  });

  it('gives one token to 200 who ask at once', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const answers = await Promise.all(Array.from({ length: 200 }, () => shop.exchange(as, approvalId)));
    const granted = answers.filter(({ status }) => status === 200);
    expect(granted).toHaveLength(1);
    expect(new Set(answers.filter((one) => one.status !== 200).map((one) => one.body.error))).toEqual(
      new Set(['invalid_grant']),
    );
    const exchanged = (await shop.entries('capability.exchanged')).filter(
      (one) => one.ref.approval === approvalId,
    );
    expect(exchanged.map((one) => one.body.jti)).toEqual([decodeJwt(granted[0]?.body.access_token).jti]);
  });

  it('is exchanged by its requester alone', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const foreign = await shop.exchange(shop.requesterKey, approvalId);
    expect([foreign.status, foreign.body]).toMatchObject([400, { error: 'unauthorized_client' }]);
    const operator = await shop.exchange(shop.gateway.apiKey, approvalId);
    expect([operator.status, operator.body.error]).toEqual([400, 'unauthorized_client']);
    expect((await shop.exchange(as, approvalId)).status).toBe(200);
  });

  it('is not exchanged for another actor than the one it names, and stays approved', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const wrong = await shop.exchange(as, approvalId, { actor: 'service-account:other' });
    expect([wrong.status, wrong.body.error]).toEqual([400, 'invalid_request']);
    expect((await shop.exchange(as, approvalId)).status).toBe(200);
  });

  it('of an API key gives a token that is bound to no key', async () => {
    const approvalId = await shop.approved(shop.requesterKey, { ...REFUND, actor: 'job:nightly' });
    const { body } = await shop.exchange(shop.requesterKey, approvalId);
    const claims = decodeJwt(body.access_token);
    expect(claims.cnf).toBeUndefined();
    expect([claims.sub, String(claims.client_id).split(':')[0]]).toEqual(['job:nightly', 'api_key']);
  });

  it('that a rule allowed says so in its token', async () => {
    const as = await shop.login();
    const asked = await shop.request(as, { action: 'free.look', resource: 'shelf:1' });
    expect(asked.status).toBe(201);
    const { body } = await shop.exchange(as, asked.body.id);
    expect(decodeJwt(body.access_token)).toMatchObject({ basis: 'policy', approvers: [] });
  });
});

describe('an action that nobody approved', () => {
  it.each(['pending', 'denied', 'cancelled'] as const)('and that is %s gives no token', async (state) => {
    const as = await shop.login();
    const { id } = (await shop.request(as)).body;
    if (state === 'denied') await shop.person.decide(id, 'deny', 'no');
    if (state === 'cancelled') await shop.gateway.api('POST', `/v1/approvals/${id}/cancel`, {});
    const { status, body } = await shop.exchange(as, id);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    expect(body.error_description).toContain(`is ${state}`);
  });

  it('gives no token when the rows say that it was approved, with the decision of another, and the ledger does not', async () => {
    const as = await shop.login();
    const other = await shop.approved(as);
    const { id } = (await shop.request(as)).body;
    await shop.write(`UPDATE approval SET state = 'approved', decided_at = requested_at WHERE id = ?`, [id]);
    await shop.write(
      `INSERT INTO capability (id, workspace, approval_id, state, holder, aud, digest, dpop, basis, issued_at, expires_at)
       SELECT 'cap_forged', workspace, id, 'issued', requester, server, call_commit, 0, 'decision', requested_at, expires_at
       FROM approval WHERE id = ?`,
      [id],
    );
    await shop.write(
      `INSERT INTO decision (id, workspace, approval_id, approver, decision, reason, statement, proof, decided_at)
       SELECT 'dec_forged', workspace, ?, approver, decision, reason, statement, proof, decided_at
       FROM decision WHERE approval_id = ?`,
      [id, other],
    );
    const { status, body } = await shop.exchange(as, id);
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
    expect(body.error_description).toContain('it is not approved');
  });

  it('gives no token when the stored call was replaced after it was approved', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    const { id } = (await shop.request(as, { ...REFUND, arguments: { order: 'o_1', cents: 999_999 } })).body;
    const columns = ['call_text', 'call_digest', 'call_salt', 'call_commit'];
    const set = columns
      .map((name) => `${name} = (SELECT ${name} FROM approval WHERE id = '${id}')`)
      .join(', ');
    await shop.write(`UPDATE approval SET ${set} WHERE id = ?`, [approvalId]);
    await shop.write(
      'UPDATE capability SET digest = (SELECT call_commit FROM approval WHERE id = ?) WHERE approval_id = ?',
      [approvalId, approvalId],
    );
    const { status, body } = await shop.exchange(as, approvalId);
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
    expect(body.error_description).toContain('not the one that the ledger says was approved');
  });
});

describe('whoever writes to the database', () => {
  const other = async (): Promise<string> => {
    const { body } = await shop.gateway.api('GET', '/v1/keys');
    return `api_key:${body.data.find((key: any) => key.name === 'ci').id}`;
  };

  it('cannot hand an approved action to another holder', async () => {
    const approvalId = await shop.approved(await shop.login());
    await shop.write('UPDATE approval SET requester = ? WHERE id = ?', [await other(), approvalId]);
    const half = await shop.exchange(shop.requesterKey, approvalId);
    expect([half.status, half.body.error]).toEqual([400, 'unauthorized_client']);
    await shop.write('UPDATE capability SET holder = ? WHERE approval_id = ?', [await other(), approvalId]);
    const whole = await shop.exchange(shop.requesterKey, approvalId);
    expect([whole.status, whole.body.error]).toEqual([400, 'unauthorized_client']);
  });

  it('cannot make a capability last longer, or take its demand for a key away', async () => {
    const as = await shop.login();
    const later = await shop.approved(as);
    await shop.write('UPDATE approval SET expires_at = expires_at + 600000 WHERE id = ?', [later]);
    await shop.write('UPDATE capability SET expires_at = expires_at + 600000 WHERE approval_id = ?', [later]);
    expect((await shop.exchange(as, later)).status).toBe(400);
    const vault = await shop.approved(as, { action: 'vault.open', resource: 'vault:1' });
    await shop.write('UPDATE capability SET dpop = 0 WHERE approval_id = ?', [vault]);
    expect((await shop.exchange(as, vault)).status).toBe(400);
  });

  it('cannot bring a spent capability back to life', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    expect((await shop.exchange(as, approvalId)).status).toBe(200);
    await shop.write(
      `UPDATE approval SET state = 'approved', lease_owner = NULL, lease_until = NULL WHERE id = ?`,
      [approvalId],
    );
    await shop.write(`UPDATE capability SET state = 'issued', jti = NULL WHERE approval_id = ?`, [
      approvalId,
    ]);
    const { status, body } = await shop.exchange(as, approvalId);
    expect([status, body.error]).toEqual([400, 'unauthorized_client']);
    expect(body.error_description).toContain('it was carried out once already');
  });

  it('can only take a capability away', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as);
    await shop.write(`UPDATE capability SET state = 'revoked' WHERE approval_id = ?`, [approvalId]);
    const { status, body } = await shop.exchange(as, approvalId);
    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });
});

describe('an action whose rule asks for a proof of a key', () => {
  const VAULT = { action: 'vault.open', resource: 'vault:1' };

  it('is exchanged only with one, for a token that is bound to that key', async () => {
    const as = await shop.login();
    const approvalId = await shop.approved(as, VAULT);
    const bare = await shop.exchange(as, approvalId);
    expect([bare.status, bare.body.error]).toEqual([400, 'invalid_dpop_proof']);
    const key = await newMachine('EdDSA');
    const { status, body } = await shop.exchange(
      as,
      approvalId,
      {},
      { dpop: await shop.proof(key, '/oauth/token') },
    );
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(decodeJwt(body.access_token)).toMatchObject({ cnf: { jkt: key.jkt }, token_type: 'DPoP' });
  });

  it('is not exchanged with a proof that was used before, or that is for another address', async () => {
    const as = await shop.login();
    const key = await newMachine();
    const dpop = await shop.proof(key, '/oauth/token');
    const first = await shop.approved(as, VAULT);
    expect((await shop.exchange(as, first, {}, { dpop })).status).toBe(200);
    const second = await shop.approved(as, VAULT);
    for (const proof of [dpop, await shop.proof(key, '/v1/approvals'), 'nonsense']) {
      const { status, body } = await shop.exchange(as, second, {}, { dpop: proof });
      expect([status, body.error]).toEqual([400, 'invalid_dpop_proof']);
    }
  });
});

describe('after a restart', () => {
  it('an approved action is still exchanged, and one that was exchanged never again', async () => {
    const own = await openShop();
    const as = await own.login();
    const approvalId = await own.approved(as);
    await own.gateway.restart();
    expect((await own.exchange(as, approvalId)).status).toBe(200);
    await own.gateway.restart();
    const again = await own.exchange(as, approvalId);
    expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    await own.close();
  });
});
