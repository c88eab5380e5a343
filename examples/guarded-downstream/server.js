/**
 * An MCP server that pays only what people have approved, whoever calls it. It trusts the published keys of one
 * Countersign gateway and nothing else: each call to `pay` must carry a capability for exactly this call, once.
 *
 *     node server.js --port 8500 --issuer http://localhost:8420 --used used.jsonl
 *
 * In the gateway's configuration: {"url": "http://127.0.0.1:8500/mcp", "forward_capability": true}
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { getRequestListener } from '@hono/node-server';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { capabilityKeys, isCapabilityRefusal, verifyCapability } from 'countersign';
import { z } from 'zod';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8500' },
    issuer: { type: 'string', default: 'http://localhost:8420' },
    used: { type: 'string', default: 'used.jsonl' },
  },
});
const { issuer } = values;
const address = `http://127.0.0.1:${values.port}/mcp`;
const jwks = capabilityKeys(issuer);

/** Ids of capabilities that were used; on disk before anything is paid, so that a restart forgets none. */
const used = new Set(existsSync(values.used) ? readFileSync(values.used, 'utf8').split('\n') : []);

async function seen(jti) {
  if (used.has(jti)) return true;
  used.add(jti);
  const file = openSync(values.used, 'a', 0o600);
  writeSync(file, `${jti}\n`);
  fsyncSync(file);
  closeSync(file);
  return false;
}

/** Runs a tool only with a capability for this call with these arguments. */
function guarded(tool, run) {
  return async (args, context) => {
    try {
      const token = context.mcpReq._meta?.['countersign/capability'];
      const capability = await verifyCapability(String(token ?? ''), {
        issuer,
        jwks,
        audience: address,
        call: { tool, arguments: args },
        seen,
      });
      return run(args, capability);
    } catch (error) {
      if (!isCapabilityRefusal(error)) throw error;
      const text = `Refused (${error.code}): this server pays only what people have approved.`;
      return { content: [{ type: 'text', text }], isError: true };
    }
  };
}

const payments = [];

function createBank() {
  const bank = new McpServer({ name: 'guarded-bank', version: '1.0.0' }, { capabilities: { tools: {} } });
  bank.registerTool(
    'balance',
    { description: 'Shows what was paid.', inputSchema: z.strictObject({}) },
    () => ({
      content: [{ type: 'text', text: JSON.stringify(payments) }],
    }),
  );
  bank.registerTool(
    'pay',
    {
      description: 'Pays somebody.',
      // Strict, and without defaults or transformations: what is checked is what was sent.
      inputSchema: z.strictObject({ to: z.string(), amount_cents: z.number().int().positive() }),
    },
    guarded('pay', (payment, { approval, approvers }) => {
      payments.push({ ...payment, approval, approvers });
      return { content: [{ type: 'text', text: `Paid ${payment.amount_cents} cents to ${payment.to}.` }] };
    }),
  );
  return bank;
}

const handler = createMcpHandler(createBank);
createServer(getRequestListener((request) => handler.fetch(request))).listen(
  Number(values.port),
  '127.0.0.1',
  () => process.stdout.write(`ready at ${address}\n`),
);
