/** Bodies as the gateway sends them, shared by the tests of the client and of the command line. */
export const sessionWire = {
  id: 'ses_1',
  subject: 'user-1',
  labels: { teamName: 'ops' },
  tools: ['sandbox/*'],
  call_cap: 5,
  calls: 0,
  state: 'active',
  minted_by: 'api_key:key_1',
  parent: null,
  depth: 0,
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T01:00:00.000Z',
  revoked_at: null,
  revoke_reason: null,
};

export const mintedWire = {
  ...sessionWire,
  mcp: {
    url: 'http://localhost:8420/mcp',
    secret_url: 'http://localhost:8420/mcp/s/tok',
    headers: { Authorization: 'Bearer tok' },
  },
};

export const approvalWire = {
  id: 'apr_1',
  kind: 'tool',
  state: 'pending',
  state_reason: null,
  requester: 'session:ses_1',
  subject: 'user-1',
  session: { id: 'ses_1', subject: 'user-1', labels: {} },
  action: null,
  server: 'sandbox',
  tool: 'payments_refund',
  exposed: 'payments_refund',
  risk: 'high',
  rule: { id: 'refund-over-threshold', file: 'refunds.yaml', line: 3 },
  reason: 'A refund over 50.00 needs a person.',
  requested_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T00:30:00.000Z',
  decided_at: null,
  decision_reason: null,
  quorum: { needed: 1, approvals: [] },
  groups: ['support-leads'],
  approver: 'person',
  exclude_requester: true,
  escalations: [],
  authenticator: {},
  break_glass: { needed: 2, approvals: [], reasons: [] },
  capability: null,
  call_digest: 'sha256:00',
  effect: 'Refund 75.00 of inv_1',
  redacted_at: null,
  hidden: [],
  url: 'http://localhost:8420/approvals/apr_1',
};

export const approvalDetailWire = {
  ...approvalWire,
  call: '{"arguments":{},"server":"sandbox","tool":"payments_refund"}',
  call_salt: '00',
  call_commit: '01',
  view: 'payments_refund {}',
  view_salt: '02',
  view_commit: '03',
  tool_hash: 'sha256:04',
  tool_definition: { name: 'payments_refund' },
  policy_version: 'sha256:05',
  instance: 'own_1',
  log: 'localhost/default',
  redact: [],
  hidden_in_result: [],
  own_request: null,
  result: null,
};

export function entryWire(seq: number) {
  return {
    seq,
    ts: '2026-01-01T00:00:00.000Z',
    type: 'call.intent',
    ref: { action: 'sandbox/x' },
    body: { call_digest: 'd' },
  };
}

export const jobWire = {
  id: 'job_1',
  state: 'working',
  source: 'poll',
  session: 'ses_1',
  subject: 'user-1',
  server: 'sandbox',
  tool: 'research_start',
  exposed: 'research_start',
  progress: { progress: 2, total: 5, message: 'reading' },
  reason: null,
  approval: null,
  approval_url: null,
  call: 'req_1',
  cancel_requested_at: null,
  cancel_standing: null,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:02.000Z',
  ended_at: null,
  keep_until: null,
};

export const jobDetailWire = { ...jobWire, result: null };

export const webhookWire = {
  id: 'whk_1',
  url: 'https://hooks.example/in',
  events: ['*'],
  description: 'builds',
  enabled: true,
  disabled_reason: null,
  public_key: 'whpk_AA==',
  previous_until: null,
  pending: 0,
  dead: 1,
  created_by: 'api_key:key_1',
  created_at: '2026-01-01T00:00:00.000Z',
};

export const webhookDeliveryWire = {
  event: 'evt_1',
  type: 'job.completed',
  approval: null,
  state: 'dead',
  attempts: 10,
  next_at: null,
  status: 500,
  error: 'answered with 500',
  body: '{}',
  created_at: '2026-01-01T00:00:00.000Z',
  attempted_at: null,
  ended_at: '2026-01-04T00:00:00.000Z',
};
