import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inviteLink } from '../../src/sdk/invite-link.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let ada: Approver;
beforeAll(async () => {
  office = await openOffice();
  ada = office.person;
});
afterAll(() => office.close());

const token = 'a'.repeat(64);
const asAda = (method: string, path: string, body?: object) =>
  office.ask(method, path, { as: ada.cookie, ...(body === undefined ? {} : { body }) });

async function personOf(id: string): Promise<any> {
  const { body } = await asAda('GET', '/v1/approvers');
  return body.data.find((one: { id: string }) => one.id === id);
}

async function freeze(): Promise<string> {
  return office.freeze();
}

describe('a change of who may decide', () => {
  it('is made by no cookie alone: every route asks for a statement and an assertion', async () => {
    for (const path of [
      '/v1/approvers/invites',
      `/v1/approvers/${ada.id}/remove`,
      `/v1/approvers/${ada.id}/passkeys`,
      `/v1/approvers/${ada.id}/passkeys/psk_1/remove`,
      '/v1/service-accounts',
      '/v1/service-accounts/svc_1/remove',
      '/v1/keys/signed',
    ]) {
      for (const body of [{}, { statement_id: 'act_1' }, { name: 'Eve', groups: [], token }]) {
        expect((await asAda('POST', path, body)).status).toBe(400);
      }
      const response = { clientDataJSON: 'AA', authenticatorData: 'AA', signature: 'AA' };
      const assertion = { id: 'AA', rawId: 'AA', type: 'public-key', response, clientExtensionResults: {} };
      const forged = await asAda('POST', path, { statement_id: 'act_none', assertion });
      expect([forged.status, forged.body.code]).toEqual([403, 'forbidden']);
      expect(forged.body.detail).toContain('POST /v1/acts');
    }
  });

  it('is offered as a statement with its challenge and the passkeys that may sign it', async () => {
    const params = { name: ' Eve ', groups: ['a', 'a'], subject: 'user-7', token };
    const offered = await asAda('POST', '/v1/acts', { act: 'approver.invite', params });
    expect(offered.status).toBe(200);
    expect(JSON.parse(offered.body.statement)).toMatchObject({
      typ: 'act-statement/v1',
      act: 'approver.invite',
      by: `person:${ada.id}`,
      params: { name: 'Eve', groups: ['a'], subject: 'user-7', token },
    });
    expect(offered.body).toMatchObject({
      rp_id: 'localhost',
      allow_credentials: [{ id: ada.device.credentialId }],
    });
  });

  it.each([
    ['an unknown act', { act: 'approver.promote', params: {} }, 'act'],
    ['a passkey that no ceremony made', { act: 'passkey.add', params: { person: 'x' } }, 'act'],
    [
      'a param of another act',
      { act: 'approver.remove', params: { person: 'x', passkey: 'y' } },
      'params.passkey',
    ],
    ['no token', { act: 'approver.invite', params: { name: 'Eve' } }, 'params.token'],
    ['no params', { act: 'approver.remove' }, 'params'],
  ])('is refused with the field for %s', async (_what, body, field) => {
    const answered = await asAda('POST', '/v1/acts', body);
    expect(answered.status).toBe(400);
    expect(answered.body.fields[0].field).toBe(field);
  });

  it('is told in the shape of the document, from an invite to the removal', async () => {
    const guest = await ada.invite('Guest', ['finance'], 'user-9');
    expect(await personOf(guest.id)).toMatchObject({
      subject: 'user-9',
      passkeys: [{ suspect_at: null, device_type: 'singleDevice', attestation: 'none' }],
    });
    await guest.addPasskey();
    const [first] = (await personOf(guest.id)).passkeys;
    const signed = await ada.act('passkey.remove', { person: guest.id, passkey: first.id });
    const at = `/v1/approvers/${guest.id}/passkeys/${first.id}/remove`;
    expect((await asAda('POST', at, signed)).body).toEqual({ id: first.id, removed: true });
    const removal = await ada.act('approver.remove', { person: guest.id });
    const elsewhere = await asAda('POST', `/v1/approvers/${ada.id}/remove`, removal);
    expect([elsewhere.status, elsewhere.body.fields[0].field]).toEqual([400, 'person']);
    const done = await asAda('POST', `/v1/approvers/${guest.id}/remove`, removal);
    expect(done.body).toEqual({ id: guest.id, removed: true });
    expect((await asAda('POST', `/v1/approvers/${guest.id}/remove`, removal)).status).toBe(409);
    expect(await personOf(guest.id)).toBeUndefined();
  });

  it('registers a service account with the key as it was signed, and removes it', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const public_key = publicKey.export({ format: 'pem', type: 'spki' });
    const signed = await ada.act('service_account.create', { name: 'bot', groups: [], public_key });
    const made = await asAda('POST', '/v1/service-accounts', signed);
    expect(made.status).toBe(201);
    expect(JSON.parse(made.body.public_key)).toEqual(publicKey.export({ format: 'jwk' }));
    const gone = await ada.perform('service_account.remove', { service_account: made.body.id });
    expect(gone.status).toBe(200);
  });
});

describe('the secret of a link', () => {
  it('is in no answer and no entry of the ledger, though the link works', async () => {
    const link = await inviteLink(office.gateway.app.origin);
    const secret = link.url.split('#')[1] ?? '';
    const invited = await ada.perform('approver.invite', { name: 'Grace', groups: [], token: link.token });
    expect(JSON.stringify(invited.body)).not.toContain('url');
    await enrol(office.gateway.app.origin, link.url);
    const { text } = await office.ask('GET', '/v1/logs?type=approver.*&limit=200');
    expect(text).toContain(link.token);
    expect(text).not.toContain(secret);
  });
});

describe('a passkey', () => {
  it('decides when it was added, and not once it was removed or its counter went back', async () => {
    const guest = await ada.invite('Two keys');
    const second = await guest.addPasskey();
    const [first] = (await personOf(guest.id)).passkeys;
    const removed = await second.perform('passkey.remove', { person: guest.id, passkey: first.id });
    expect(removed.status).toBe(200);
    // The sign-in that the first passkey began has ended with it.
    expect((await guest.fetch('GET', '/v1/me')).status).toBe(401);

    const key = await ada.addPasskey();
    const late = await ada.statement(await freeze(), 'approve');
    const [own] = (await personOf(ada.id)).passkeys.slice(-1);
    expect((await ada.perform('passkey.remove', { person: ada.id, passkey: own.id })).status).toBe(200);
    const { approval } = JSON.parse(late.body.statement);
    const assertion = key.device.get({ challenge: late.body.challenge });
    const statement_id = late.body.statement_id;
    const decided = await ada.fetch('POST', `/v1/approvals/${approval}/decide`, { statement_id, assertion });
    expect(decided.status).toBe(403);

    const id = await freeze();
    const offered = await ada.statement(id, 'approve');
    const copied = ada.device.get({ challenge: offered.body.challenge, counter: 1 });
    const refused = await ada.fetch('POST', `/v1/approvals/${id}/decide`, {
      statement_id: offered.body.statement_id,
      assertion: copied,
    });
    expect([refused.status, refused.body.detail]).toEqual([403, expect.stringContaining('copied')]);
    expect((await personOf(ada.id)).passkeys[0].suspect_at).toMatch(/^\d{4}-/);
    expect((await asAda('GET', '/v1/logs?type=passkey.suspect')).body.data).toHaveLength(1);
    const { body } = await asAda('GET', `/v1/approvals/${id}`);
    expect(body.state).toBe('pending');
  });
});
