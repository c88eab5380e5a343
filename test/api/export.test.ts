import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyText } from '../evidence/support/verify.ts';
import { connectV1 } from '../support/agents.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let held = '';
let vkey = '';

beforeAll(async () => {
  office = await openOffice();
  const agent = await connectV1(office.gateway.app.session.mcp as any);
  await agent.callTool({ name: 'echo', arguments: { text: 'canary' } });
  await agent.close();
  held = await office.freeze();
  vkey = (await office.ask('GET', '/v1/logs/verify')).body.vkey;
});
afterAll(() => office.close());

const lineKinds = (text: string): string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => Object.keys(JSON.parse(line))[0] ?? '');

describe('an export', () => {
  it('holds every entry, a checkpoint of its end, and verifies with the key alone', async () => {
    const { text, headers } = await office.ask('GET', '/v1/logs/export', { as: office.keys.reader });
    expect(headers.get('content-type')).toBe('application/x-ndjson');
    const kinds = lineKinds(text);
    expect([kinds[0], ...kinds.slice(-2)]).toEqual(['countersign_export', 'checkpoint', 'end']);
    expect(kinds).not.toContain('payload');
    const found = await verifyText(text, { vkey });
    const { size } = JSON.parse(text.split('\n')[0] ?? '');
    expect(found).toMatchObject({
      ok: true,
      established: { size, tally: { entries: size, liveCalls: 1, requests: 1 } },
    });
    expect(kinds.filter((kind) => kind === 'entry')).toHaveLength(size);
    expect(text).not.toContain('canary');
  });

  it('discloses arguments and calls to an operator alone', async () => {
    for (const as of [office.keys.reader, office.keys.requester, office.person.cookie]) {
      const refused = await office.ask('GET', '/v1/logs/export?payloads=true', { as });
      expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
    }
    const { text } = await office.ask('GET', '/v1/logs/export?payloads=true', { as: office.keys.operator });
    const found = await verifyText(text, { vkey });
    expect(found).toMatchObject({ ok: true, established: { tally: { payloads: 3 }, undisclosed: 0 } });
    expect(text).toContain('canary');
  });

  it('of one approval holds its entries and those that say whom to trust, each with its proof', async () => {
    const { text } = await office.ask('GET', `/v1/logs/export?approval=${held}`, { as: office.keys.reader });
    const found = await verifyText(text, { vkey });
    expect(found).toMatchObject({
      ok: true,
      header: { approval: held },
      established: { tally: { requests: 1, liveCalls: 0 } },
    });
    const kinds = lineKinds(text);
    expect(kinds.filter((kind) => kind === 'inclusion')).toHaveLength(
      kinds.filter((kind) => kind === 'entry').length,
    );
    const lines = text.trimEnd().split('\n');
    const at = lines.findIndex((line) => line.includes('"type":"approval.requested"'));
    const other = lines.toSpliced(at, 1, (lines[at] ?? '').replace('"quorum":1', '"quorum":0'));
    expect(await verifyText(`${other.join('\n')}\n`, { vkey })).toMatchObject({ ok: false });
    const bare = lines.toSpliced(at + 1, 1);
    expect(await verifyText(`${bare.join('\n')}\n`, { vkey })).toMatchObject({
      finding: { reason: expect.stringContaining('has no inclusion proof') },
    });
    const wrong = lines.toSpliced(at + 1, 1, lines[1 + 1] ?? '');
    expect(await verifyText(`${wrong.join('\n')}\n`, { vkey })).toMatchObject({
      finding: { reason: expect.stringContaining('not in the tree that was signed') },
    });
  });

  it('of an approval that there is not is not found, and odd questions are told what was expected', async () => {
    const missing = await office.ask('GET', '/v1/logs/export?approval=apr_none');
    expect([missing.status, missing.body.code]).toEqual([404, 'not_found']);
    const odd = await office.ask('GET', '/v1/logs/export?payloads=yes');
    expect([odd.status, odd.body.fields[0].field]).toEqual([400, 'payloads']);
  });

  it('whose reader goes away is not written on', async () => {
    const response = await fetch(`${office.gateway.app.origin}/v1/logs/export`, {
      headers: { authorization: `Bearer ${office.keys.reader}` },
    });
    await response.body?.cancel();
    expect((await office.ask('GET', '/v1/logs/export')).status).toBe(200);
  });
});
