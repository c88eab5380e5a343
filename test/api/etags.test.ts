import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
});
afterAll(() => office.close());

const readIf = (path: string, tag: string) => office.ask('GET', path, { headers: { 'if-none-match': tag } });

describe('what is often read twice', () => {
  it('has an ETag, and is not sent again to whoever has it', async () => {
    const approval = await office.freeze();
    const { id } = (await office.ask('POST', '/v1/sessions', { body: {} })).body;
    const paths = [
      `/v1/approvals/${approval}`,
      `/v1/sessions/${id}`,
      '/v1/servers',
      '/v1/servers/oracle/tools',
      '/v1/policies',
      '/v1/approvers',
    ];
    for (const path of paths) {
      const tag = (await office.ask('GET', path)).headers.get('etag') ?? '';
      expect(tag, path).toMatch(/^"[0-9a-f]{40}"$/);
      const again = await readIf(path, tag);
      expect([again.status, again.text, again.headers.get('etag')], path).toEqual([304, '', tag]);
      expect((await readIf(path, '"other"')).status).toBe(200);
    }
  });

  it('is sent again once it has changed', async () => {
    const { id } = (await office.ask('POST', '/v1/sessions', { body: {} })).body;
    const tag = (await office.ask('GET', `/v1/sessions/${id}`)).headers.get('etag') ?? '';
    await office.ask('POST', `/v1/sessions/${id}/revoke`, { body: {} });
    const again = await readIf(`/v1/sessions/${id}`, tag);
    expect([again.status, again.body.state]).toEqual([200, 'revoked']);
  });

  it('is told by its ETag to nobody who may not read it', async () => {
    const tag = (await office.ask('GET', '/v1/servers')).headers.get('etag') ?? '';
    const refused = await office.askAnonymously('GET', '/v1/servers', { headers: { 'if-none-match': tag } });
    expect(refused.status).toBe(401);
  });
});
