import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approver } from '../support/approver.ts';
import { type OauthAgent, oauthAgent } from '../support/oauth-agent.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let person: Approver;
let agent: OauthAgent;
let origin: string;
beforeAll(async () => {
  office = await openOffice();
  ({ person } = office);
  ({ origin } = office.gateway.app);
  agent = oauthAgent(origin);
});
afterAll(() => office.close());

describe('asking the person', () => {
  async function asked(): Promise<string> {
    const clientId = (await agent.register()).body.client_id;
    const { body } = await person.fetch('POST', '/v1/oauth/requests', { query: agent.query(clientId) });
    return body.consent;
  }

  it('shows what the client says of itself, and that nothing of it is verified', async () => {
    const registered = await agent.register({ client_uri: 'https://robot.example' });
    const query = agent.query(registered.body.client_id);
    const { body } = await office.ask('POST', '/v1/oauth/requests', { as: person.cookie, body: { query } });
    expect(body).toMatchObject({
      kind: 'ask',
      client: { kind: 'registered', name: 'Raw agent', uri: 'https://robot.example', verified_host: null },
      redirect: { kind: 'loopback', name: '127.0.0.1:7777' },
      resource: `${origin}/mcp`,
      subject: `person:${person.id}`,
      servers: [{ server: 'oracle', tools: expect.arrayContaining(['echo', 'pay']) }],
    });
    expect(JSON.stringify(body)).not.toContain('code_challenge');
  });

  it('is up to a person: no key may, whatever its roles', async () => {
    for (const key of Object.values(office.keys)) {
      const shown = await office.ask('POST', '/v1/oauth/requests', { as: key, body: { query: 'x=1' } });
      const body = { consent: await asked(), decision: 'allow', tools: ['*'] };
      const given = await office.ask('POST', '/v1/oauth/consents', { as: key, body });
      const headers = { cookie: person.cookie, origin, 'x-countersign-csrf': '1' };
      const beside = await office.ask('POST', '/v1/oauth/consents', { as: key, body, headers });
      expect([shown.status, given.status, beside.status]).toEqual([403, 403, 403]);
    }
  });

  it('cannot be answered by a page of another origin, or without the header that forms cannot send', async () => {
    const body = { consent: await asked(), decision: 'allow', tools: ['*'] };
    const forms: Record<string, string>[] = [
      { cookie: person.cookie, origin: 'https://evil.example', 'x-countersign-csrf': '1' },
      { cookie: person.cookie, origin },
      { cookie: person.cookie, 'x-countersign-csrf': '1' },
    ];
    for (const headers of forms) {
      const response = await fetch(`${origin}/v1/oauth/consents`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.status).toBe(403);
    }
  });

  it('cannot be answered by another person with what this one was shown', async () => {
    const mallory = await person.invite('Mallory');
    const consent = await asked();
    const answer = { consent, decision: 'allow', tools: ['*'] };
    const taken = await mallory.fetch('POST', '/v1/oauth/consents', answer);
    expect([taken.status, taken.body.code]).toEqual([409, 'conflict']);
    expect((await person.fetch('POST', '/v1/oauth/consents', answer)).status).toBe(200);
  });

  it('ends with the sign-in that it was shown in', async () => {
    const grace = await person.invite('Hopper');
    const clientId = (await agent.register()).body.client_id;
    const { body } = await grace.fetch('POST', '/v1/oauth/requests', { query: agent.query(clientId) });
    await grace.fetch('POST', '/v1/webauthn/sign-out', {});
    const answer = { consent: body.consent, decision: 'allow', tools: ['*'] };
    expect((await grace.fetch('POST', '/v1/oauth/consents', answer)).status).toBe(401);
  });

  it('that was refused sends the client away without a code', async () => {
    const answer = { consent: await asked(), decision: 'deny' };
    const { body } = await person.fetch('POST', '/v1/oauth/consents', answer);
    const { searchParams } = new URL(body.redirect_to);
    expect(Object.fromEntries(searchParams)).toMatchObject({ error: 'access_denied', iss: origin });
  });

  it('says to the person alone what is wrong while nobody is known to whom it could be said', async () => {
    const clientId = (await agent.register()).body.client_id;
    for (const change of [{ redirect_uri: 'https://evil.example/' }, { client_id: 'ocl_x' }]) {
      const query = agent.query(clientId, change);
      const { status, body } = await person.fetch('POST', '/v1/oauth/requests', { query });
      expect([status, body.code]).toEqual([400, 'invalid_request']);
      expect(JSON.stringify(body)).not.toContain('return_to');
    }
  });

  it('never fetches a document from inside the network', async () => {
    for (const id of ['https://localhost:1/c', 'https://127.0.0.1/c', 'https://169.254.169.254/c']) {
      const { status, body } = await person.fetch('POST', '/v1/oauth/requests', { query: agent.query(id) });
      expect([status, body.detail]).toEqual([400, expect.stringContaining('is not a public address')]);
    }
  });
});
