import type { Approval } from './approval.ts';

/** What a held call tells an agent, inside `structuredContent` of the MCP result. */
export interface PendingContent {
  readonly status: 'pending_approval';
  readonly approval_id: string;
  readonly approve_url: string;
  readonly expires_at: string;
}

/** The MCP result of a call that waits for a person. */
export interface PendingCallResult {
  readonly structuredContent: PendingContent;
}

/** An approval that is not decided yet. */
export type PendingApproval = Approval & { readonly state: 'pending' };

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * True when a call waits for a person: for the result of an MCP `tools/call`, and for an approval of this client.
 *
 *     const res = await mcp.callTool({ name: 'payments_refund', arguments });
 *     if (isPendingApproval(res)) await countersign.approvals.wait(res.structuredContent.approval_id);
 */
export function isPendingApproval(res: Approval): res is PendingApproval;
export function isPendingApproval<T>(res: T): res is T & PendingCallResult;
export function isPendingApproval(res: unknown): boolean {
  if (member(res, 'state') === 'pending') return member(res, 'callDigest') !== undefined;
  const content = member(res, 'structuredContent');
  return (
    member(content, 'status') === 'pending_approval' && typeof member(content, 'approval_id') === 'string'
  );
}
