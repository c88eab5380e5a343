/** The files of a new project, by their path in its folder. */
export const INIT_FILES: Readonly<Record<string, string>> = {
  'countersign.yaml': `# The gateway of this folder: countersign up
# Every setting: docs/configuration.md. Text may hold \${VAR}, so that no secret has to stand here.
listen: { host: 127.0.0.1, port: 8420 }
policies: ./policies

# The MCP servers behind the gateway. Add one:
#   countersign server add github --server-url https://mcp.example/mcp
#   countersign server import ~/.cursor/mcp.json
# While there is none, a sandbox company and a file server stand in.
mcp_servers: {}
`,
  'policies/policy.yaml': `# What no rule allows waits until a person has decided. Check and test it:
#   countersign policy check && countersign policy test
version: 1
defaults:
  effect: hold
rules:
  - id: reads
    description: Tools that only read; name yours here.
    match: { tools: ["sandbox/*_list", "sandbox/*_get", "files/read_*", "files/list_*"] }
    effect: allow
    risk: low
    read_only: true

  - id: big-refunds
    description: Money leaves the company.
    match: { tools: ["sandbox/payments_refund"] }
    when: args.amount_cents > 5000
    effect: hold
    risk: high
    reason: A refund above 50.00.
`,
  'policies/policy_test.yaml': `# What the rules must find; countersign policy test runs it.
tests:
  - name: lists are read without asking
    input: { server: sandbox, tool: invoices_list, args: {} }
    expect: { effect: allow, rule: reads }
  - name: a large refund waits for a person
    input: { server: sandbox, tool: payments_refund, args: { invoice_id: inv_1, amount_cents: 7500 } }
    expect: { effect: hold, risk: high, rule: big-refunds }
`,
};

/** What must not get into version control: keys, the database, and the configuration of clients with their tokens. */
export const IGNORED = ['.countersign/', '.mcp.json', '.cursor/mcp.json', '.vscode/mcp.json'];
