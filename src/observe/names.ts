/**
 * What spans and their attributes are called: the conventions of OpenTelemetry for generative AI and MCP, and our own
 * under `countersign.`.
 */
export const SPANS = {
  scope: 'countersign',
  method: 'mcp.method.name',
  tool: 'gen_ai.tool.name',
  operation: 'gen_ai.operation.name',
  executeTool: 'execute_tool',
  errorType: 'error.type',
  rpcStatus: 'rpc.response.status_code',
  server: 'countersign.server',
  session: 'countersign.session',
  approval: 'countersign.approval',
  outcome: 'countersign.outcome',
  decide: 'approval.decide',
} as const;

export const METRICS = {
  pending: 'countersign_approvals_pending',
  requested: 'countersign_approvals_requested_total',
  ended: 'countersign_approvals_ended_total',
  decision: 'countersign_decision_seconds',
  calls: 'countersign_calls_total',
  downstreamErrors: 'countersign_downstream_errors_total',
  policyErrors: 'countersign_policy_errors_total',
  entries: 'countersign_ledger_entries',
  lag: 'countersign_ledger_lag_seconds',
  unsigned: 'countersign_ledger_unsigned_entries',
} as const;
