import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Countersign, isCountersignApiError, isPendingApproval, type LogEntry } from '../../src/index.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;
let client: Countersign;

beforeAll(async () => {
  office = await openOffice();
  client = new Countersign({ baseUrl: office.gateway.app.origin, apiKey: office.keys.operator });
});
afterAll(() => office.close());

async function connect(mcp: { url: string; headers: Readonly<Record<string, string>> }): Promise<Client> {
  const agent = new Client({ name: 'app', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const requestInit = { headers: { ...mcp.headers } };
  await agent.connect(new StreamableHTTPClientTransport(new URL(mcp.url), { requestInit }));
  return agent;
}

it('serves one user from the session to the replayed result and the trail', async () => {
  const user = client.forUser('user-1');
  const session = await user.session({ ttlMs: 60_000, tools: ['oracle/*'], labels: { team: 'support' } });
  const agent = await connect(session.mcp);
  const res = await agent.callTool({ name: 'pay', arguments: { amount_cents: 7_500, to: 'c_1' } });
  if (!isPendingApproval(res)) throw new Error('the call was not held');
  const id = res.structuredContent.approval_id;

  const waiting = user.approvals.wait(id, { timeoutMs: 10_000 });
  expect((await user.approvals.list({ state: 'pending' })).data.map((one) => one.id)).toEqual([id]);
  await office.person.decide(id, 'approve');
  const settled = await waiting;
  expect([settled.state, settled.result?.kind]).toEqual(['succeeded', 'result']);
  expect(settled.session?.labels).toEqual({ team: 'support' });

  const trail = await user.logs.query({ action: 'oracle/pay', limit: 50 });
  expect(trail.data[0]?.type).toBe('approval.outcome');
  expect(trail.data.at(-1)?.type).toBe('approval.requested');
  await user.sessions.revoke(session.id, { reason: 'done' });
  expect((await user.sessions.list({ state: 'revoked' })).data.map((one) => one.id)).toEqual([session.id]);
  expect((await user.sessions.list({ state: 'active' })).data).toEqual([]);
  await agent.close();
});

it('keeps one user’s approvals, sessions and entries from another', async () => {
  const id = await office.freeze();
  const other = client.forUser('user-2');
  const refusal: unknown = await other.approvals.get(id).catch((error: unknown) => error);
  expect(isCountersignApiError(refusal) && refusal.code).toBe('not_found');
  expect((await other.approvals.list()).data).toEqual([]);
  expect((await other.sessions.list()).data).toEqual([]);
  expect((await other.logs.query()).data).toEqual([]);
});

it('iterates over every page of a list', async () => {
  const minted: string[] = [];
  for (let count = 0; count < 5; count += 1) minted.push((await client.forUser('pager').session()).id);
  const seen: string[] = [];
  for await (const session of client.forUser('pager').sessions.list({ limit: 2 })) seen.push(session.id);
  expect(seen).toEqual(minted.toReversed());
});

it('follows the ledger from an entry on, each entry once', async () => {
  const stop = new AbortController();
  const after = (await client.logs.query({ limit: 1 })).data[0]?.seq ?? 0;
  const seen: LogEntry[] = [];
  await client.forUser('tailed').session();
  await client.forUser('tailed').session();
  for await (const entry of client.forUser('tailed').logs.stream({}, { signal: stop.signal, after })) {
    seen.push(entry);
    if (seen.length === 1) await client.forUser('tailed').session();
    if (seen.length === 3) stop.abort();
  }
  expect(seen.map((entry) => entry.type)).toEqual(['session.minted', 'session.minted', 'session.minted']);
  expect(new Set(seen.map((entry) => entry.seq)).size).toBe(3);
});

it('reads, accepts and refuses nothing that is not there, with errors that say what to do', async () => {
  const wrong: unknown = await client.sessions.mint({ ttlMs: 1 }).catch((error: unknown) => error);
  expect(isCountersignApiError(wrong) && [wrong.status, wrong.fields[0]?.field, wrong.requestId]).toEqual([
    400,
    'ttl_ms',
    expect.stringMatching(/^req_/),
  ]);
  const accept = { server: 'oracle', tool: 'none', hash: 'sha256:0' };
  const missing: unknown = await client.servers.accept(accept).catch((error: unknown) => error);
  expect(isCountersignApiError(missing) && missing.code).toBe('not_found');
  const unknown: unknown = await client.servers.refuse(accept).catch((error: unknown) => error);
  expect(isCountersignApiError(unknown) && unknown.code).toBe('not_found');
  expect((await client.logs.verify()).ok).toBe(true);
  expect(await client.logs.checkpoint()).toContain('\n\n— ');
});
