import { isObject, type Json } from './json.ts';

/** How an approval stands, as the gateway said by its tool approval_status. */
export interface Status {
  readonly approvalId: string;
  readonly state: string;
  readonly settled: boolean;
  readonly tool: string;
  readonly server: string;
  readonly risk: string;
  /** Why policy asks a person. */
  readonly reason: string | undefined;
  readonly decisionReason: string | undefined;
  readonly stateReason: string | undefined;
  readonly approvalsNeeded: number;
  readonly approvalsGiven: number;
  readonly expiresAt: string;
  /** Milliseconds left when the gateway answered. */
  readonly expiresInMs: number;
  readonly approveUrl: string;
}

/** The state in the result of approval_status; undefined for anything else, such as an error. */
export function statusOf(result: unknown): Status | undefined {
  const said = isObject(result) && result.isError !== true ? result.structuredContent : undefined;
  if (!isObject(said) || typeof said.approval_id !== 'string' || typeof said.state !== 'string')
    return undefined;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0);
  return {
    approvalId: said.approval_id,
    state: said.state,
    settled: said.settled === true,
    tool: text(said.tool) ?? '',
    server: text(said.server) ?? '',
    risk: text(said.risk) ?? '',
    reason: text(said.reason),
    decisionReason: text(said.decision_reason),
    stateReason: text(said.state_reason),
    approvalsNeeded: count(said.approvals_needed),
    approvalsGiven: count(said.approvals_given),
    expiresAt: text(said.expires_at) ?? '',
    expiresInMs: count(said.expires_in_ms),
    approveUrl: text(said.approve_url) ?? '',
  };
}

const APPROVAL_ID = /^apr_[A-Za-z0-9_-]{1,100}$/;

function idIn(value: unknown): string | undefined {
  const id = isObject(value) ? value.approval_id : undefined;
  return typeof id === 'string' && APPROVAL_ID.test(id) ? id : undefined;
}

/**
 * The approval that a tool's result speaks of, if any. Only its id is taken: whatever else stands there may have been
 * written by the server that was called, and the gateway is asked instead.
 */
export function approvalIn(result: Json): string | undefined {
  return idIn(result.structuredContent);
}

/** The approval that a call waits for: known from its arguments if the tool called is the gateway's approval_wait. */
export function approvalWaitedFor(tool: unknown, args: unknown): string | undefined {
  return tool === 'approval_wait' ? idIn(args) : undefined;
}
