/**
 * An agent as a graph, which ends while a person decides and goes on where it was, in another process and days later.
 *
 *     node agent.js CHECKPOINT
 *
 * COUNTERSIGN_URL and COUNTERSIGN_API_KEY (roles minter and reader) say which gateway.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Countersign, isPendingApproval } from 'countersign';
import { END, interrupt, runGraph } from './graph.js';

const { COUNTERSIGN_URL, COUNTERSIGN_API_KEY } = process.env;
const [file = 'checkpoint.json'] = process.argv.slice(2);
const user = new Countersign({ baseUrl: COUNTERSIGN_URL, apiKey: COUNTERSIGN_API_KEY }).forUser(
  'graph-agent',
);

/** Calls a tool in a session of its own. */
async function callTool(name, args) {
  const { mcp } = await user.session({ ttlMs: 60_000, tools: [`sandbox/${name}`], callCap: 1 });
  const client = new Client({ name: 'graph-agent', version: '1.0.0' });
  const requestInit = { headers: mcp.headers };
  await client.connect(new StreamableHTTPClientTransport(new URL(mcp.url), { requestInit }));
  try {
    return await client.callTool({ name, arguments: args });
  } finally {
    await client.close();
  }
}

/** Stands for a model: what to do next, by what is known. */
function think({ invoice, outcome }) {
  if (invoice === undefined) return { next: { name: 'invoices_list', args: {} } };
  if (outcome === undefined)
    return { next: { name: 'payments_refund', args: { invoice_id: invoice, amount_cents: 7_500 } } };
  return { next: null };
}

async function act({ next }) {
  const result = await callTool(next.name, next.args);
  if (isPendingApproval(result)) return { pending: result.structuredContent };
  if (next.name === 'invoices_list') return { invoice: /inv_\w+/.exec(JSON.stringify(result))[0] };
  return { outcome: 'succeeded' };
}

/** Looks whether somebody has decided; ends the run when nobody has. */
async function wait({ pending }) {
  const settled = await user.approvals.wait(pending.approval_id, { timeoutMs: 1_000 });
  if (['pending', 'approved', 'executing'].includes(settled.state)) throw interrupt(pending.approve_url);
  return { pending: null, outcome: settled.state };
}

const { state, interrupted } = await runGraph({
  nodes: { think: async (known) => think(known), act, wait },
  edges: {
    think: ({ next }) => (next === null ? END : 'act'),
    act: ({ pending }) => (pending ? 'wait' : 'think'),
    wait: () => 'think',
  },
  start: 'think',
  input: {},
  file,
});
if (interrupted !== undefined) {
  console.log(`A person decides at ${interrupted}; run this again afterwards.`);
  process.exitCode = 5;
} else console.log(`refund: ${state.outcome}`);
