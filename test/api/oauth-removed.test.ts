import { expect, it, onTestFinished } from 'vitest';
import { oauthAgent } from '../support/oauth-agent.ts';
import { openOffice } from './support/office.ts';

it('what a person gave to agents ends with their removal, and with it what was narrowed', async () => {
  const office = await openOffice();
  onTestFinished(() => office.close());
  const agent = oauthAgent(office.gateway.app.origin);
  const guest = await office.person.invite('Guest');
  const { access_token: token } = await agent.connect(guest, { ttl_ms: 30 * 24 * 3_600_000 });
  const child = await agent.post('/oauth/token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:countersign:params:oauth:token-type:session',
  });
  const minted = await guest.fetch('POST', '/v1/sessions', {});
  expect(minted.status).toBe(201);
  const own = String(minted.body.mcp.headers.Authorization).replace('Bearer ', '');
  const statuses = async () => [
    (await agent.initialize(own)).status,
    (await agent.initialize(token)).status,
    (await agent.initialize(child.body.access_token)).status,
  ];
  expect(await statuses()).toEqual([200, 200, 200]);
  expect((await office.person.perform('approver.remove', { person: guest.id })).status).toBe(200);
  expect(await statuses()).toEqual([404, 401, 404]);
});
