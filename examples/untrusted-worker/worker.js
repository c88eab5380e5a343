/**
 * The work: it sees the tools that its session may call, calls each once, and tries what it should not.
 * MCP_URL and MCP_AUTHORIZATION are all that it was given.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const headers = { Authorization: process.env.MCP_AUTHORIZATION };
const client = new Client({ name: 'worker', version: '1.0.0' });
await client.connect(
  new StreamableHTTPClientTransport(new URL(process.env.MCP_URL), { requestInit: { headers } }),
);

async function attempt(name, args = {}) {
  try {
    const { isError } = await client.callTool({ name, arguments: args });
    console.log(`${name}: ${isError === true ? 'refused' : 'done'}`);
  } catch (error) {
    console.log(`${name}: refused (${error.code})`);
  }
}

const { tools } = await client.listTools();
const work = tools.filter((tool) => tool.inputSchema.required === undefined).map((tool) => tool.name);
console.log(`may use: ${work.join(', ')}`);
for (const name of work) await attempt(name);
await attempt('payments_refund', { invoice_id: 'inv_1001', amount_cents: 100 });
await client.close();
