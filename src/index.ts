export type { CallToCarryOut } from './capabilities/verify/call-digest.ts';
export { type CapabilityKeySource, capabilityKeys } from './capabilities/verify/key-source.ts';
export {
  type CapabilityRefusal,
  type CapabilityRefusalCode,
  isCapabilityRefusal,
} from './capabilities/verify/refusal.ts';
export {
  type VerifiedCapability,
  type VerifyCapabilityOptions,
  verifyCapability,
} from './capabilities/verify/verify-capability.ts';
export type { AccessAnswer, AccessQuestion, AccessResource } from './sdk/access.ts';
export type { ActRequest, ActsResource, Invite, SignedAct } from './sdk/acts.ts';
export { type CountersignApiError, type FieldProblem, isCountersignApiError } from './sdk/api-error.ts';
export type {
  Action,
  Approval,
  ApprovalDetail,
  ApprovalState,
  CallOutcome,
  ReleasedCapability,
  RevealedCall,
} from './sdk/approval.ts';
export type { ApprovalTrace } from './sdk/approval-trace.ts';
export type {
  ActionRequest,
  ApprovalFilter,
  ApprovalsResource,
  ServiceAccount,
  WaitOptions,
} from './sdk/approvals.ts';
export type { Approver, ApproversResource, Passkey } from './sdk/approvers.ts';
export type { Batch, BatchesResource, BatchOutcome } from './sdk/batches.ts';
export type {
  CapabilitiesResource,
  Capability,
  CapabilityFilter,
  CapabilityToken,
  Introspection,
} from './sdk/capabilities.ts';
export type { Channel, ChannelsResource, ChannelTrial } from './sdk/channels.ts';
export type {
  AskedConnection,
  CheckedConnection,
  ConnectionsResource,
  ConnectionTerms,
} from './sdk/connections.ts';
export {
  Countersign,
  type CountersignConstructor,
  type CountersignOptions,
  type CountersignUser,
} from './sdk/countersign.ts';
export type { Diagnose, Diagnostics } from './sdk/diagnostics.ts';
export { type DpopKey, type DpopRequest, dpopProof, newDpopKey } from './sdk/dpop.ts';
export type { ExportInput, ExportResource } from './sdk/export.ts';
export type { StreamOptions } from './sdk/follow-events.ts';
export type { HealthResource } from './sdk/health.ts';
export type { CallOptions } from './sdk/http.ts';
export { inviteLink } from './sdk/invite-link.ts';
export {
  isJobEnded,
  type Job,
  type JobDetail,
  type JobEvent,
  type JobFilter,
  type JobSource,
  type JobState,
  type JobsResource,
  type JobWaitOptions,
} from './sdk/jobs.ts';
export type { ApiKey, CreatedApiKey, KeyRole, KeysResource } from './sdk/keys.ts';
export type { ConsistencyProof, InclusionProof, LedgerResource, RotatedLogKey } from './sdk/ledger.ts';
export type { LogEntry, LogFilter, LogQuery } from './sdk/log-entry.ts';
export type { LogExport, LogFacet, LogFacets, LogsResource, LogVerification } from './sdk/logs.ts';
export { newApiKey } from './sdk/new-api-key.ts';
export type { AskOverview, JudgedCount, Overview, OverviewBucket, OverviewInput } from './sdk/overview.ts';
export type { Page, Paged, PageOptions } from './sdk/page.ts';
export {
  isPendingApproval,
  type PendingApproval,
  type PendingCallResult,
  type PendingContent,
} from './sdk/pending.ts';
export type { Ceremony, CeremonyAnswer, Person, PersonResource } from './sdk/person.ts';
export type {
  CallExplanation,
  ExplainCallInput,
  ExplainedVerdict,
  ExplainInput,
  PoliciesResource,
  PolicyCheck,
  PolicyExplanation,
  PolicyProblem,
  PolicySet,
  RuleTrace,
  TraceStep,
} from './sdk/policies.ts';
export type { PushDevice, PushDeviceInput, PushResource } from './sdk/push.ts';
export type {
  CallExample,
  RecordedCall,
  RecordedRange,
  ReplayInput,
  ReplayOptions,
  ReplayProgress,
  ReplayReport,
  ShadowReport,
  VerdictChange,
} from './sdk/recorded-calls.ts';
export type { Server, ServerLogin, ServerLoginBegun, ServersResource, ServerTool } from './sdk/servers.ts';
export type { RegisteredAccount, ServiceAccountsResource } from './sdk/service-accounts.ts';
export type {
  McpAccess,
  MintedSession,
  MintInput,
  Session,
  SessionFilter,
  SessionsResource,
} from './sdk/sessions.ts';
export type { Statement } from './sdk/statement.ts';
export type { ApprovalTerms, Decision, Escalation, Vote } from './sdk/terms.ts';
export {
  type UnwrapOptions,
  type UnwrapWebhook,
  unwrapWebhook,
  type WebhookData,
  type WebhookEvent,
  type WebhookEventType,
} from './sdk/unwrap-webhook.ts';
export type {
  Webhook,
  WebhookChange,
  WebhookDelivery,
  WebhookInput,
  WebhooksResource,
  WebhookTrial,
  WebhookWithSecret,
} from './sdk/webhooks.ts';
export type { Witness, WitnessesResource } from './sdk/witnesses.ts';
