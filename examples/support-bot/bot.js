/**
 * A support bot that may refund, and asks a person where policy says so. Small refunds pass at once.
 *
 *     node bot.js "Message from NAME: please refund 7500 cents"
 *
 * COUNTERSIGN_URL and COUNTERSIGN_API_KEY (roles minter and reader) say which gateway.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Countersign, isPendingApproval } from 'countersign';
import { generateText } from './generate-text.js';
import { scriptedModel } from './model.js';

const { COUNTERSIGN_URL, COUNTERSIGN_API_KEY } = process.env;
const [prompt] = process.argv.slice(2);

const user = new Countersign({ baseUrl: COUNTERSIGN_URL, apiKey: COUNTERSIGN_API_KEY }).forUser('support');
const session = await user.session({
  ttlMs: 15 * 60_000,
  tools: ['sandbox/invoices_list', 'sandbox/payments_refund'],
});
const client = new Client({ name: 'support-bot', version: '1.0.0' });
const requestInit = { headers: session.mcp.headers };
await client.connect(new StreamableHTTPClientTransport(new URL(session.mcp.url), { requestInit }));

const textOf = ({ content }) => content.map((block) => block.text ?? '').join('\n');

/** What the tool returned; of a call that was held, what came of it once a person had decided. */
async function call(name, args) {
  const result = await client.callTool({ name, arguments: args });
  if (!isPendingApproval(result)) return textOf(result);
  const { approval_id: id, approve_url: page } = result.structuredContent;
  console.log(`A person decides at ${page}`);
  const settled = await user.approvals.wait(id, { timeoutMs: 10 * 60_000 });
  if (settled.state === 'succeeded') return textOf(JSON.parse(settled.result.text));
  return `Your refund is ${settled.state}${settled.decisionReason ? `: ${settled.decisionReason}` : ''}.`;
}

try {
  const { tools } = await client.listTools();
  const known = tools.map(({ name }) => [name, { execute: (args) => call(name, args) }]);
  const { text } = await generateText({ model: scriptedModel, tools: Object.fromEntries(known), prompt });
  console.log(text);
} finally {
  await client.close();
  await user.sessions.revoke(session.id, { reason: 'answered' });
}
