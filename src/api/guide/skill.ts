/** What a coding agent needs to use a gateway, in the form of an Agent Skill. `origin` is the gateway's public one. */
export function skillText(origin: string): string {
  return `---
name: countersign
description: Use tools through a Countersign gateway, where risky calls wait until a person signs them with a passkey. Read it before you connect to ${origin}/mcp, when a tool answers with "pending_approval", or when a program must ask a person before it acts.
---

# Countersign

${origin} is a Model Context Protocol gateway. It passes harmless tool calls on, and freezes risky ones until a person has
signed exactly that call with a passkey. Then it makes the call itself, at most once, and keeps the result for you.

## What holds always

- You cannot approve, and there is no way around it: no tool, API key or argument decides. Give the person the link.
- A held call is not a failure. Do not send it again, do not split it into smaller ones, do not look for another tool.
- A token (\`cst_…\`, \`cs_…\`, a secret URL) is a password: keep it out of chat, logs and version control.
- \`unknown\` means that the call was sent and nobody can tell what came of it. Tell the person; do not repeat it.

## First gated call

The gateway runs already if this page was served to you. Work in the folder that it was started in, where the command line
finds its key. Where \`countersign\` is not on the path, it is \`npm run --silent countersign --\` in a clone.

1. See that it is well:

   \`\`\`sh
   countersign doctor
   \`\`\`

2. Connect your client; \`claude\`, \`cursor\` and \`vscode\` are known. This mints a session for one user and writes it into the
   client's file of this project. Keep that file out of version control.

   \`\`\`sh
   countersign connect cursor --user you --ttl 1h --write
   \`\`\`

3. Load the tools anew and call a harmless one. It answers at once:

   \`\`\`json
   { "name": "invoices_list", "arguments": {} }
   \`\`\`

4. Call a risky one, with an id from that list. Policy holds refunds above 5,000 cents:

   \`\`\`json
   { "name": "payments_refund", "arguments": { "invoice_id": "inv_…", "amount_cents": 7500 } }
   \`\`\`

5. Instead of a refund you get \`structuredContent\` with \`"status": "pending_approval"\`, an \`approval_id\` and an
   \`approve_url\`. Show the person the link, and say what waits there and why. Whoever has no passkey yet enrols with the
   one-time link that the gateway printed when it started; \`countersign up --new-enrol-link\` makes another.

6. Collect the outcome. The tool answers when there is one, or after a while with the state as it is; then call it again:

   \`\`\`json
   { "name": "approval_wait", "arguments": { "approval_id": "apr_…" } }
   \`\`\`

Clients that know MCP tasks or URL elicitation are told in their own way, and wait by themselves.

## From a program

\`\`\`ts
import { Countersign, isPendingApproval } from 'countersign';

const user = new Countersign({ baseUrl: '${origin}', apiKey: process.env.COUNTERSIGN_API_KEY }).forUser('user-1');
const { mcp } = await user.session({ ttlMs: 15 * 60_000, tools: ['sandbox/*'] });
// … call a tool with any MCP client at mcp.url with mcp.headers, then:
if (isPendingApproval(result)) {
  const settled = await user.approvals.wait(result.structuredContent.approval_id, { timeoutMs: 10 * 60_000 });
}
\`\`\`

A program that is about to do something itself asks first, by \`POST /v1/approvals\`, \`approvals.request\`, or:

\`\`\`sh
countersign approval request --action deployment.execute --resource service:billing-api --risk high --wait --timeout 10m
\`\`\`

It ends with 0 when it may, 3 when it was denied, 5 while nobody has decided, 6 when it expired.

## Looking around

| to know                         | ask                                                                       |
| ------------------------------- | ------------------------------------------------------------------------- |
| what waits for a person         | \`countersign approval list --state pending\`, \`GET /v1/approvals\`          |
| what became of one              | \`countersign approval get apr_…\`, \`GET /v1/approvals/{id}\`                |
| what an agent did               | \`countersign logs query --user you\`, \`GET /v1/logs\`                       |
| work that goes on               | \`countersign job list\`, \`GET /v1/jobs\`                                    |
| why a call would be held        | \`countersign policy explain sandbox/payments_refund --args '{}'\`          |
| what servers there are          | \`countersign server list\`, \`GET /v1/servers\`                              |
| every route, every error        | ${origin}/docs, ${origin}/v1/openapi.json |

Every command takes \`--json\` for data on stdout, and \`--help\`. To give a helper less than you have, narrow your session:
\`countersign session narrow --tools 'sandbox/*_list' --ttl 10m\`. Whoever runs agents connects to ${origin}/mcp/control.
`;
}
