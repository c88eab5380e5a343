export { type CountersignApiError, type FieldProblem, isCountersignApiError } from './sdk/api-error.ts';
export type {
  Approval,
  ApprovalDetail,
  ApprovalState,
  CallOutcome,
  Decision,
  Vote,
} from './sdk/approval.ts';
export type { ApprovalFilter, ApprovalsResource, ServiceAccount, WaitOptions } from './sdk/approvals.ts';
export type { Approver, ApproversResource, Invite } from './sdk/approvers.ts';
export {
  Countersign,
  type CountersignConstructor,
  type CountersignOptions,
  type CountersignUser,
} from './sdk/countersign.ts';
export type { CallOptions } from './sdk/http.ts';
export type { ApiKey, CreatedApiKey, KeyRole, KeysResource } from './sdk/keys.ts';
export type {
  LogEntry,
  LogFilter,
  LogQuery,
  LogsResource,
  LogVerification,
  StreamOptions,
} from './sdk/logs.ts';
export type { Page, Paged, PageOptions } from './sdk/page.ts';
export {
  isPendingApproval,
  type PendingApproval,
  type PendingCallResult,
  type PendingContent,
} from './sdk/pending.ts';
export type {
  ExplainInput,
  PoliciesResource,
  PolicyCheck,
  PolicyExplanation,
  PolicyProblem,
  PolicySet,
  RuleTrace,
  TraceStep,
} from './sdk/policies.ts';
export type { Server, ServersResource, ServerTool } from './sdk/servers.ts';
export type {
  McpAccess,
  MintedSession,
  MintInput,
  Session,
  SessionFilter,
  SessionsResource,
} from './sdk/sessions.ts';
export type { Statement } from './sdk/statement.ts';
