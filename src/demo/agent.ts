import { type CallToolResult, Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { CountersignError, errorText } from '../core/errors.ts';

export interface PendingCall {
  readonly approvalId: string;
  readonly approveUrl: string;
  readonly expiresAt: string;
}

export interface AgentOptions {
  readonly mcpUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Tells this run's risky call from an earlier run's, which would otherwise be answered with its stored result. */
  readonly idempotencyKey: string;
  readonly print: (line: string) => void;
  /** What is going on right now; each replaces the one before. */
  readonly status: (line: string) => void;
  /** Called once, when the call is frozen; the agent goes on waiting meanwhile. */
  readonly onPending: (pending: PendingCall) => Promise<void>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** How the risky call ended, and the text that the agent got. */
export interface AgentOutcome {
  readonly state: 'succeeded' | 'failed' | 'denied' | 'expired' | 'void' | 'cancelled' | 'unknown';
  readonly text: string;
}

const SAFE_TOOL = 'invoices_list';
const RISKY_TOOL = 'payments_refund';
const WAIT_TOOL = 'approval_wait';
const AMOUNT_CENTS = 7_500;
const LONGEST_SHOWN = 600;
const SETTLED: readonly string[] = ['failed', 'denied', 'expired', 'void', 'cancelled', 'unknown'];

function textOf(result: CallToolResult): string {
  return result.content.map((block) => (block.type === 'text' ? block.text : `(${block.type})`)).join('\n');
}

function indented(text: string): string {
  const shown =
    text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}… (${text.length} characters)` : text;
  return shown
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}

function contentOf(result: CallToolResult): Readonly<Record<string, unknown>> {
  return (result.structuredContent ?? {}) as Record<string, unknown>;
}

function pendingOf(result: CallToolResult): PendingCall | undefined {
  const {
    status,
    approval_id: approvalId,
    approve_url: approveUrl,
    expires_at: expiresAt,
  } = contentOf(result);
  if (status !== 'pending_approval') return undefined;
  return { approvalId: String(approvalId), approveUrl: String(approveUrl), expiresAt: String(expiresAt) };
}

function outcomeOf(result: CallToolResult): AgentOutcome {
  const text = textOf(result);
  const { status } = contentOf(result);
  if (status === 'denied_by_policy') return { state: 'denied', text };
  if (result.isError !== true) return { state: 'succeeded', text };
  const state = SETTLED.find((one) => one === status) ?? 'failed';
  return { state: state as AgentOutcome['state'], text };
}

/** The exposed name of a tool: its own, or with the server's prefix. */
function findTool(names: readonly string[], wanted: string): string {
  const found = names.find((name) => name === wanted) ?? names.find((name) => name.endsWith(`_${wanted}`));
  if (found !== undefined) return found;
  const message = `This session has no tool ${wanted}. It needs the sandbox company behind the gateway, as "countersign up" starts it, and a scope that covers it.`;
  throw new CountersignError('not_found', message);
}

async function connect({ mcpUrl, headers, signal }: AgentOptions): Promise<Client> {
  const client = new Client(
    { name: 'countersign-try', version: '1' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), {
    requestInit: { headers: { ...headers } },
  });
  try {
    await client.connect(transport, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const message = `The agent could not connect to ${mcpUrl} (${errorText(cause)}). Is the gateway running, and is the session alive? Start it again with "countersign up", or mint a session.`;
    throw new CountersignError('downstream_unavailable', message, { cause });
  }
  return client;
}

async function wait(client: Client, pending: PendingCall, options: AgentOptions): Promise<CallToolResult> {
  const startedAt = options.now();
  const tellStatus = (): void => {
    const waited = Math.round((options.now() - startedAt) / 1_000);
    const left = Math.max(0, Math.round((Date.parse(pending.expiresAt) - options.now()) / 60_000));
    options.status(`  … waiting for a person, ${waited} s so far; expires in ${left} min`);
  };
  for (;;) {
    tellStatus();
    const call = { name: WAIT_TOOL, arguments: { approval_id: pending.approvalId } };
    const result = await client.callTool(call, { signal: options.signal, onprogress: tellStatus });
    if (pendingOf(result) === undefined) return result;
  }
}

async function play(client: Client, options: AgentOptions): Promise<AgentOutcome> {
  const { print, signal } = options;
  const { tools } = await client.listTools(undefined, { signal });
  const names = tools.map((tool) => tool.name);
  print(`1. The agent lists its tools: ${names.length}, among them ${names.slice(0, 6).join(', ')}.`);

  const safe = findTool(names, SAFE_TOOL);
  const invoices = await client.callTool({ name: safe, arguments: {} }, { signal });
  print(`2. It calls ${safe}, which policy allows. The answer comes at once:`);
  print(indented(textOf(invoices)));
  const invoice = /\binv_[A-Za-z0-9_-]+/.exec(
    `${textOf(invoices)} ${JSON.stringify(contentOf(invoices))}`,
  )?.[0];
  if (invoice === undefined)
    throw new CountersignError('not_found', `${safe} named no invoice (inv_…) to refund.`);

  const risky = findTool(names, RISKY_TOOL);
  const args = { invoice_id: invoice, amount_cents: AMOUNT_CENTS, reason: 'duplicate charge' };
  print(`3. It calls ${risky} ${JSON.stringify(args)}. No real money moves: the company is a sandbox.`);
  const _meta = { 'countersign/idempotency-key': options.idempotencyKey };
  const first = await client.callTool({ name: risky, arguments: args, _meta }, { signal });
  const pending = pendingOf(first);
  if (pending === undefined) {
    const outcome = outcomeOf(first);
    print(`   Policy did not hold it; the agent got (${outcome.state}):`);
    print(indented(outcome.text));
    return outcome;
  }
  print(
    `   Frozen: nothing was sent. Approval ${pending.approvalId} waits for a person until ${pending.expiresAt}.`,
  );
  print(`   Decide here: ${pending.approveUrl}`);
  await options.onPending(pending);

  const outcome = outcomeOf(await wait(client, pending, options));
  print(
    `4. ${outcome.state === 'succeeded' ? 'Approved and replayed, once. The agent got the real result:' : `It ended as ${outcome.state}:`}`,
  );
  print(indented(outcome.text));
  return outcome;
}

/**
 * Plays an agent over a real MCP client: lists tools, calls a safe one, calls one that policy holds, waits for the
 * decision and prints the result. Throws `downstream_unavailable` when it cannot connect, `not_found` when the
 * sandbox company is not behind the gateway, and the signal's reason when it is aborted.
 */
export async function playAgent(options: AgentOptions): Promise<AgentOutcome> {
  const client = await connect(options);
  try {
    return await play(client, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
}
