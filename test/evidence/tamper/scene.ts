import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { openShop, REFUND, SHOP_POLICY } from '../../capabilities/support/shop.ts';
import { connectV2, type McpAccess } from '../../support/agents.ts';
import type { Approver } from '../../support/approver.ts';
import { type Copy, copyAt } from './copy.ts';

/** What a person lets happen, for a second. */
const POLICY = `${SHOP_POLICY}  - id: brief
    match: { tools: ["brief.look"], kinds: [action] }
    effect: hold
    approval: { capability: { ttl: 1s } }
`;

/** The program of the server behind every copy. */
export const ORACLE = fileURLToPath(new URL('../../support/downstreams/oracle-main.ts', import.meta.url));

/** A gateway's past, stopped: what each test takes a copy of, tampers with, and has judged. */
export interface Scene {
  readonly apiKey: string;
  /** Of the requester of the actions. */
  readonly requesterKey: string;
  /** The log's verifier key, as an auditor got it long ago. */
  readonly vkey: string;
  readonly ada: Approver;
  readonly bob: Approver;
  readonly ids: {
    /** A call that was approved by Bob and carried out. */
    readonly paid: string;
    /** An action whose capability was exchanged; its outcome was never reported. */
    readonly taken: string;
    /** An approved action that nobody has taken up. */
    readonly ready: string;
    /** The same, for a second that is over soon. */
    readonly brief: string;
    /** A call that nobody has decided. */
    readonly pending: string;
    /** The session of the calls. */
    readonly session: string;
  };
  /** A checkpoint that somebody kept elsewhere, signed before the last steps. */
  readonly kept: string;
  /** A copy of the folder, with a downstream of its own; it goes with the test. */
  copy(): Copy;
  close(): void;
}

async function heldBy(access: McpAccess, cents: number): Promise<string> {
  const agent = await connectV2(access, 'modern');
  const held: any = await agent.callTool({ name: 'pay', arguments: { amount_cents: cents, to: 'c_1' } });
  await agent.close();
  return held.structuredContent.approval_id;
}

function writeSettings(dir: string): void {
  const args = [ORACLE, join(dir, 'received.jsonl')];
  const mcp_servers = { oracle: { command: process.execPath, args } };
  writeFileSync(join(dir, 'countersign.json'), JSON.stringify({ mcp_servers }));
  writeFileSync(join(dir, 'policies', 'policy.yaml'), POLICY);
}

/** Lives through a day of a real gateway: people, an allowed call, decisions, exchanges. Takes a few seconds. */
export async function playScene(): Promise<Scene> {
  const shop = await openShop({ policy: POLICY });
  const { gateway, person: ada, requesterKey } = shop;
  const dir = mkdtempSync(join(tmpdir(), 'countersign-tamper-'));
  try {
    const bob = await ada.invite('Bob');
    const { mcp, id: session } = gateway.app.session;
    const agent = await connectV2(mcp, 'modern');
    for (const text of ['first', 'second']) await agent.callTool({ name: 'echo', arguments: { text } });
    await agent.close();
    const paid = await heldBy(mcp, 100);
    await bob.decide(paid, 'approve', 'fine');
    await gateway.api('GET', `/v1/approvals/${paid}/wait?timeout_ms=15000`);
    const taken = await shop.approved(requesterKey);
    const exchanged = await shop.exchange(requesterKey, taken);
    if (exchanged.status !== 200) throw new Error(JSON.stringify(exchanged.body));
    const head = await fetch(`${gateway.app.origin}/v1/logs/checkpoint`, {
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    });
    const kept = await head.text();
    const ready = await shop.approved(requesterKey, { ...REFUND, arguments: { order: 'o_2', cents: 1 } });
    const brief = await shop.approved(requesterKey, { ...REFUND, action: 'brief.look' });
    const pending = await heldBy(mcp, 999);
    const { vkey } = (await gateway.api('GET', '/v1/logs/verify')).body;
    await gateway.app.close();
    cpSync(gateway.dir, dir, { recursive: true });
    return {
      apiKey: gateway.apiKey,
      requesterKey,
      vkey,
      ada,
      bob,
      ids: { paid, taken, ready, brief, pending, session },
      kept,
      copy() {
        const own = mkdtempSync(join(tmpdir(), 'countersign-tamper-'));
        onTestFinished(() => rmSync(own, { recursive: true, force: true }));
        cpSync(dir, own, { recursive: true });
        writeSettings(own);
        return copyAt(own, { apiKey: gateway.apiKey, vkey });
      },
      close: () => rmSync(dir, { recursive: true, force: true }),
    };
  } catch (error) {
    rmSync(dir, { recursive: true, force: true });
    throw error;
  } finally {
    await shop.close();
  }
}
