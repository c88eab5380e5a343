import { expect, onTestFinished } from 'vitest';
import { refusal } from '../evidence/support/verify.ts';
import { connectV1, connectV2, type McpAccess } from '../support/agents.ts';
import { type Approver, enrol } from '../support/approver.ts';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { personCall, personDecides } from '../support/killable.ts';

export type Era = 'legacy' | 'modern';

/** An agent of either era; `call` gives the tool's whole result. */
export interface Agent {
  call(name: string, args?: Record<string, unknown>, key?: string): Promise<any>;
}

/** A person, an agent and a gateway; at its end every journey checks the ledger, in the gateway and offline. */
export interface Journey {
  readonly gateway: TestGateway;
  readonly person: Approver;
  agent(era?: Era, access?: McpAccess): Promise<Agent>;
  /** Mints a session and gives what an agent connects with. */
  session(body?: object): Promise<{ id: string; mcp: McpAccess }>;
  decide(id: string, decision: 'approve' | 'deny', reason?: string): Promise<{ status: number; body: any }>;
  /** The approval once it is settled; fails the test when it is not within 15 s. */
  settled(id: string): Promise<any>;
  /** The types of the ledger's entries about an approval, oldest first. */
  entries(id: string): Promise<string[]>;
}

const KEY = 'countersign/idempotency-key';

export const PAY = { amount_cents: 7500, to: 'c_123' };

export async function connectAgent(era: Era, access: McpAccess): Promise<Agent> {
  const client = era === 'legacy' ? await connectV1(access) : await connectV2(access, 'modern');
  onTestFinished(() => client.close());
  return {
    call: (name, args = {}, key = undefined) =>
      client.callTool({ name, arguments: args, ...(key === undefined ? {} : { _meta: { [KEY]: key } }) }),
  };
}

export async function startJourney(options: TestGatewayOptions = {}): Promise<Journey> {
  const gateway = await startTestGateway(options);
  const journey = await journeyOn(gateway);
  onTestFinished(async () => {
    const { body } = await gateway.api('GET', '/v1/logs/verify');
    const exported = await exportOf(gateway);
    await gateway.close();
    expect(body).toMatchObject({ ok: true });
    expect(await refusal(exported, { vkey: body.vkey })).toBe('');
  });
  return journey;
}

/** Everything that the gateway exports, payloads and all. */
export async function exportOf(gateway: TestGateway, query = 'payloads=true'): Promise<string> {
  const headers = { authorization: `Bearer ${gateway.apiKey}` };
  const response = await fetch(`${gateway.app.origin}/v1/logs/export?${query}`, { headers });
  expect(response.status).toBe(200);
  return response.text();
}

async function journeyOn(gateway: TestGateway): Promise<Journey> {
  const person = await enrol(gateway.app.origin, gateway.app.enrolUrl ?? '');
  const at = () => ({ origin: gateway.app.origin, person });
  return {
    gateway,
    person,
    agent: (era = 'modern', access = gateway.app.session.mcp) => connectAgent(era, access),
    session: async (body = {}) => (await gateway.api('POST', '/v1/sessions', body)).body,
    decide: (id, decision, reason) =>
      personDecides(at(), { id, decision, ...(reason === undefined ? {} : { reason }) }),
    settled: async (id) => {
      const path = `/v1/approvals/${id}/wait?timeout_ms=15000`;
      const { status, body } = await personCall(at(), { method: 'GET', path });
      expect(status).toBe(200);
      return body;
    },
    entries: async (id) => {
      const { body } = await gateway.api('GET', `/v1/logs?approval=${id}&order=asc`);
      return body.data.map((entry: { type: string }) => entry.type);
    },
  };
}

/** Asserts that a call was frozen, and gives the id of its approval. */
export function heldId(result: any): string {
  expect(result.structuredContent).toMatchObject({ status: 'pending_approval' });
  return result.structuredContent.approval_id;
}
