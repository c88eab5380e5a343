import { afterAll, beforeAll, expect, it } from 'vitest';
import { Countersign } from '../../src/sdk/countersign.ts';
import { connectV1 } from '../support/agents.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
beforeAll(async () => {
  office = await openOffice();
  const agent = await connectV1(office.gateway.app.session.mcp);
  await agent.callTool({ name: 'echo', arguments: { text: 'a' } });
  await agent.close();
  await office.freeze();
});
afterAll(() => office.close());

it('the overview counts the calls of the last day, and the SDK tells it in its own words', async () => {
  const client = new Countersign({ baseUrl: office.gateway.app.origin, apiKey: office.keys.reader });
  const overview = await client.overview();
  expect(Date.parse(overview.until) - Date.parse(overview.since)).toBeGreaterThanOrEqual(24 * 3_600_000);
  expect([overview.bucketMs, overview.buckets.length <= 49]).toEqual([30 * 60_000, true]);
  const newest = overview.buckets.filter(({ held }) => held > 0);
  expect(newest).toMatchObject([{ held: 1, approved: 0, medianMs: null, longestMs: null }]);
  expect(overview.judged).toMatchObject({
    counted: 2,
    complete: true,
    rules: [
      { value: 'harmless', allow: 1 },
      { value: 'payments', hold: 1 },
    ],
  });
  const hour = await client.overview({ since: '1h' });
  expect(hour.bucketMs).toBe(5 * 60_000);
});

it.each(['since=32d', 'since=yesterday', 'since=1h&until=2h', 'until=2020-01-01T00:00:00Z&since=1h', 'x=1'])(
  'the overview refuses the time %s, and names what it expects',
  async (query) => {
    const { status, body } = await office.ask('GET', `/v1/overview?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.fields[0].expected).not.toBe('');
  },
);
