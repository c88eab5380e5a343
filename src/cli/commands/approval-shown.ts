import type { Approval, ApprovalDetail } from '../../sdk/approval.ts';
import type { Context } from '../context.ts';
import { parseDuration, showDuration } from '../duration.ts';
import { facts } from '../terminal-text.ts';

/** What is asked for: `server/tool`, or an action and its resource. */
export function targetOf({ action, server, tool }: Approval): string {
  return action === null ? `${server}/${tool}` : `${action.name} ${action.resource}`;
}

function place(approval: Approval): string {
  const { rule } = approval;
  return rule === null ? 'the default' : `${rule.id} (${rule.file}:${rule.line})`;
}

/** What policy hides; a terminal has no person to whom it could be revealed. */
function hiddenWords({ hidden, hiddenInResult = [] }: Approval & Partial<ApprovalDetail>): string | null {
  const pointers = [...hidden, ...hiddenInResult];
  if (pointers.length === 0) return null;
  return `${pointers.join(', ')} (whoever may decide it can reveal this on its page)`;
}

function approvalFacts(one: Approval & Partial<ApprovalDetail>): string[] {
  return facts([
    ['Approval', one.id],
    ['State', one.stateReason === null ? one.state : `${one.state}: ${one.stateReason}`],
    ['Effect', one.effect],
    [one.kind === 'tool' ? 'Tool' : 'Action', targetOf(one)],
    [one.kind === 'tool' ? 'User' : 'Actor', one.subject],
    ['Requested by', one.kind === 'tool' ? null : one.requester],
    ['Risk', one.risk],
    ['Held by', place(one)],
    ['Why', one.reason],
    [
      'Approvals',
      `${one.quorum.approvals.filter((vote) => vote.decision === 'approve').length} of ${one.quorum.needed}`,
    ],
    ['Requested', one.requestedAt],
    ['Expires', one.expiresAt],
    ['Decided', one.decidedAt],
    ['Decision', one.decisionReason],
    ['Capability', one.capability === null ? null : `${one.capability.id} (${one.capability.state})`],
    ['Digest', one.callDigest],
    ['Hidden', hiddenWords(one)],
    ['Erased', one.redactedAt],
    ['Page', one.url],
    ['Call', one.view === '' ? undefined : one.view],
    ['Result', one.result?.text],
  ]);
}

/** Waits, telling each state on stderr; Ctrl-C ends it. Throws `invalid_request` for a malformed `--timeout`. */
export async function waitFor(context: Context, id: string, timeout: string | undefined): Promise<Approval> {
  const { out, deps } = context;
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, '--timeout');
  const approval = await (await context.client()).approvals.wait(id, {
    timeoutMs,
    signal: context.stopSignal(),
    onUpdate: (one) => {
      const left = showDuration(Date.parse(one.expiresAt) - deps.now());
      out.status(`${one.id} is ${one.state}${one.state === 'pending' ? `; it expires in ${left}` : ''}`);
    },
  });
  out.status('');
  return approval;
}

/** All that is known of an approval, on stdout. */
export function show({ out }: Context, approval: Approval): void {
  if (out.json) out.value(approval);
  else out.lines(approvalFacts(approval));
}
