import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Approver } from '../support/approver.ts';
import { type OauthAgent, oauthAgent } from '../support/oauth-agent.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let person: Approver;
let agent: OauthAgent;
beforeAll(async () => {
  office = await openOffice();
  ({ person } = office);
  agent = oauthAgent(office.gateway.app.origin);
});
afterAll(() => office.close());

const DAY = { ttl_ms: 24 * 3_600_000 };

const narrow = (token: string, more: Readonly<Record<string, string>> = {}) =>
  agent.post('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:countersign:params:oauth:token-type:session',
    ...more,
  });

describe('a session that an access token is exchanged for', () => {
  it('ends with that token and not with the connection, which only goes on by refreshing', async () => {
    const { access_token: token } = await agent.connect(person, DAY);
    const { status, body } = await narrow(token);
    expect(status).toBe(200);
    expect(body.expires_in).toBeLessThanOrEqual(900);
    expect((await narrow(body.access_token)).body.expires_in).toBeLessThanOrEqual(900);
  });

  it('may end sooner, and is refused when it is to last longer, with word to refresh first', async () => {
    const { access_token: token } = await agent.connect(person, DAY);
    expect((await narrow(token, { expires_in: '60' })).body.expires_in).toBe(60);
    const { status, body } = await narrow(token, { expires_in: '3600' });
    expect([status, body.error]).toEqual([400, 'invalid_request']);
    expect(body.error_description).toMatch(/^expires_in: expected at most \d+ seconds, .* Refresh it/);
  });

  it('is none for a token that a refresh has replaced', async () => {
    const tokens = await agent.connect(person, DAY);
    await agent.refresh(tokens.client_id, tokens.refresh_token);
    expect((await narrow(tokens.access_token)).body.error).toBe('invalid_grant');
  });
});

it('what is said of an access token ends with it, and what is said of a refresh token with the connection', async () => {
  const tokens = await agent.connect(person, DAY);
  const key = { authorization: `Bearer ${office.keys.reader}` };
  const lasts = async (token: string): Promise<number> => {
    const { body } = await agent.post('/oauth/introspect', { token }, key);
    return body.exp - body.iat;
  };
  expect(await lasts(tokens.access_token)).toBeLessThanOrEqual(901);
  expect(await lasts(tokens.refresh_token)).toBeGreaterThan(86_000);
});
