import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectV1 } from '../support/agents.ts';
import { openEvents } from './support/events.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let session: any;
let approval: string;

/** One agent with a label reads, and asks for a payment that a person denies. */
beforeAll(async () => {
  office = await openOffice();
  const labels = { team: 'billing' };
  session = (await office.ask('POST', '/v1/sessions', { body: { subject: 'ann', labels } })).body;
  const client = await connectV1(session.mcp);
  await client.callTool({ name: 'echo', arguments: { text: 'unmistakable-words' } });
  const held: any = await client.callTool({ name: 'pay', arguments: { amount_cents: 7_500, to: 'c_9' } });
  await client.close();
  approval = held.structuredContent.approval_id;
  await office.person.decide(approval, 'deny', 'Zahlt man nicht');
});
afterAll(() => office.close());

async function types(query: string): Promise<string[]> {
  const { body } = await office.ask('GET', `/v1/logs?order=asc&limit=200&${query}`);
  return body.data.map((entry: any) => entry.type);
}

async function exported(query: string): Promise<{ text: string; mediaType: string }> {
  const { text, headers } = await office.ask('GET', `/v1/logs/export?${query}`, { as: office.keys.reader });
  return { text, mediaType: headers.get('content-type') ?? '' };
}

describe('the query of the ledger', () => {
  it('finds by tool, verdict, agent and words', async () => {
    expect(await types('tool=echo&subject=ann')).toEqual(['call.intent', 'call.outcome']);
    expect(await types('verdict=hold&subject=ann')).toEqual(['approval.requested']);
    expect(await types('agent=team%3Dbilling&verdict=allow')).toEqual(['call.intent']);
    expect(await types(`agent=${session.id}&type=approval.*`)).toHaveLength(3);
    expect(await types('text=zahl&subject=ann')).toEqual(['approval.decided']);
    expect(await types('text=payments&verdict=hold&subject=ann')).toEqual(['approval.requested']);
  });

  it('never finds by what stands in arguments', async () => {
    expect(await types('text=unmistakable')).toEqual([]);
    expect(await types('text=7500')).toEqual([]);
  });

  it('takes durations before now as times', async () => {
    expect(await types('since=1h&subject=ann')).not.toEqual([]);
    expect(await types('until=1h&subject=ann')).toEqual([]);
    const refused = await office.ask('GET', '/v1/logs?since=soon');
    expect(refused.body.fields[0].field).toBe('since');
  });
});

describe('the facets of the ledger', () => {
  it('count what matches by value', async () => {
    const { body } = await office.ask('GET', '/v1/logs/facets?agent=team%3Dbilling');
    expect(body.complete).toBe(true);
    expect(body.facets.verdict).toEqual([
      { value: 'allow', count: 1 },
      { value: 'hold', count: 1 },
    ]);
    expect(body.facets.tool).toContainEqual({ value: 'pay', count: 3 });
  });
});

describe('the export of entries', () => {
  it('as NDJSON has the entries of the query, as it shows them', async () => {
    const { body } = await office.ask('GET', '/v1/logs?order=asc&subject=ann');
    const { text, mediaType } = await exported('format=ndjson&subject=ann');
    expect(mediaType).toBe('application/x-ndjson');
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(body.data);
  });

  it('as CSV and CEF has a line for each', async () => {
    const { data } = (await office.ask('GET', '/v1/logs?subject=ann')).body;
    const csv = await exported('format=csv&subject=ann');
    expect(csv.mediaType).toMatch(/^text\/csv/);
    expect(csv.text.split('\r\n')).toHaveLength(data.length + 2);
    expect(csv.text).toContain('Zahlt man nicht');
    const cef = await exported('format=cef&subject=ann');
    expect(cef.text.match(/^CEF:0\|Countersign\|Countersign\|/gm)).toHaveLength(data.length);
    expect(csv.text + cef.text).not.toContain('unmistakable');
  });

  it.each([
    ['format=evidence&subject=ann', 'subject'],
    ['format=csv&payloads=true', 'payloads'],
    ['format=csv&text=-', 'text'],
  ])('refuses %s and names %s', async (query, field) => {
    const refused = await office.ask('GET', `/v1/logs/export?${query}`);
    expect(refused.status).toBe(400);
    expect(refused.body.fields[0].field).toBe(field);
  });
});

it('the stream of the ledger follows labels and words', async () => {
  const labels = { team: 'streamed' };
  const follow = (query: string) =>
    openEvents(`${office.gateway.app.origin}/v1/logs/stream?${query}`, {
      authorization: `Bearer ${office.keys.reader}`,
    });
  const byLabel = await follow('agent=team%3Dstreamed');
  const byText = await follow('text=over%20and%20done');
  await Promise.all([byLabel.take(1), byText.take(1)]);
  await office.ask('POST', '/v1/sessions', { body: { subject: 'zoe' } });
  const { id } = (await office.ask('POST', '/v1/sessions', { body: { subject: 'zoe', labels } })).body;
  await office.ask('POST', `/v1/sessions/${id}/revoke`, { body: { reason: 'Done and over.' } });
  const seen = await byLabel.take(2);
  expect(seen.map(({ data }) => [data.type, data.ref.session])).toEqual([
    ['session.minted', id],
    ['session.revoked', id],
  ]);
  expect((await byText.take(1))[0]?.data.type).toBe('session.revoked');
  byLabel.cut();
  byText.cut();
});
