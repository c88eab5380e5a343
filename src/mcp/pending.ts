import { type Approval, isSettled, stateAt } from '../approvals/approval.ts';
import { toRfc3339 } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';
import { APPROVAL_WAIT } from '../gate/own-tools.ts';

export interface TellContext {
  /** Where approvers decide, without a trailing slash. */
  readonly publicOrigin: string;
  readonly now: number;
}

/** The plain result, which every client understands, for a call that a person must decide, or that one has decided. */
export function tellHeld(approval: Approval, context: TellContext): string {
  const isOpen = !isSettled(stateAt(approval, context.now));
  return isOpen ? plainResult(approval, context) : settledResult(approval, context);
}

/** What a person at the client is asked, where the client can ask one to open a page. */
export function pagePrompt(approval: Approval, publicOrigin: string): { message: string; url: string } {
  const { call, exposed, risk, verdict, id } = approval;
  const message =
    `The call of ${exposed} (server ${call.server}, risk ${risk}) has not run: it needs a person’s approval. ` +
    `${verdict.reason} Open the page to see the exact call and to decide. Opening it approves nothing.`;
  return { message, url: approvalUrl(publicOrigin, id) };
}

/** The page on which an approval is decided. */
export function approvalUrl(publicOrigin: string, approvalId: string): string {
  return `${publicOrigin}/approvals/${approvalId}`;
}

function toolResult(text: string, structured: JsonObject, isError: boolean): string {
  const result: JsonObject = { content: [{ type: 'text', text }], structuredContent: structured, isError };
  return JSON.stringify(result);
}

function plainResult(approval: Approval, context: TellContext): string {
  const url = approvalUrl(context.publicOrigin, approval.id);
  const underWay = approval.state !== 'pending';
  const text = underWay
    ? `The call of ${approval.exposed} was approved and is under way. Call the tool ${APPROVAL_WAIT} with {"approval_id":"${approval.id}"} to get its result.`
    : `The call of ${approval.exposed} has NOT run: a person must approve it first. Tell the user to open ${url}. ` +
      `Then call the tool ${APPROVAL_WAIT} with {"approval_id":"${approval.id}"}; it waits and returns the call's real result. ` +
      `Call it again as often as it says that the call is still pending. Do not repeat the original call.`;
  return toolResult(
    text,
    {
      status: 'pending_approval',
      state: approval.state,
      approval_id: approval.id,
      approve_url: url,
      expires_at: toRfc3339(approval.expiresAt),
      server: approval.call.server,
      tool: approval.exposed,
      risk: approval.risk,
      reason: approval.verdict.reason,
      wait_with: APPROVAL_WAIT,
    },
    false,
  );
}

/** The answer to a held call once it is settled: the downstream's own result, or why there is none. */
function settledResult(approval: Approval, context: TellContext): string {
  const state = stateAt(approval, context.now);
  if (approval.result?.kind === 'result') return approval.result.text;
  if (approval.redactedAt !== undefined) return redactedResult(approval);
  const words: Partial<Record<typeof state, string>> = {
    denied: `A person denied the call of ${approval.exposed}${approval.decisionReason === undefined ? '.' : `: ${approval.decisionReason}`} It did not run. Do not repeat it unchanged.`,
    expired: `The call of ${approval.exposed} expired: nobody decided in time, and it did not run. Make the call again if it is still wanted.`,
    cancelled: `The call of ${approval.exposed} was cancelled before anybody decided. It did not run.`,
    void: `The call of ${approval.exposed} was approved but not sent: ${approval.stateReason ?? 'a check failed.'} Make the call again if it is still wanted.`,
    failed: `The call of ${approval.exposed} was approved, but failed: ${approval.result?.kind === 'error' ? approval.result.text : (approval.stateReason ?? 'no more is known.')}`,
    unknown: `The call of ${approval.exposed} was sent, but its outcome is not known: ${approval.stateReason ?? ''} It may have run. Check before anything is repeated.`,
    succeeded: `The call of ${approval.exposed} is recorded as succeeded: ${approval.stateReason ?? ''}`,
  };
  const text = words[state] ?? `The call of ${approval.exposed} is ${state}.`;
  const structured: JsonObject = { status: state, approval_id: approval.id };
  if (approval.decisionReason !== undefined) structured.reason = approval.decisionReason;
  else if (approval.stateReason !== undefined) structured.reason = approval.stateReason;
  return toolResult(text, structured, state !== 'succeeded');
}

/** What is left to say of a call whose arguments and result were erased. */
function redactedResult(approval: Approval): string {
  const { state, exposed, id } = approval;
  const text = `The call of ${exposed} is ${state}, but its arguments and its result were redacted and cannot be shown any more. Do not repeat it to get them.`;
  return toolResult(text, { status: 'redacted', state, approval_id: id }, true);
}

/** A denial by policy, in words a model can act on. */
export function deniedResult(input: { tool: string; reason: string; rule: string | undefined }): string {
  return toolResult(
    `Policy denies the call of ${input.tool}: ${input.reason} It did not run, and repeating it will not help.`,
    { status: 'denied_by_policy', tool: input.tool, reason: input.reason, rule: input.rule ?? null },
    true,
  );
}
