import type { Approval, Decision } from '../approvals/approval.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Catalog } from '../downstream/catalog.ts';
import type { ApprovalTerms } from '../policy/verdict.ts';
import type { Session } from '../sessions/session.ts';
import { type JudgeDeps, judge } from './judge.ts';

export interface RecheckDeps extends JudgeDeps {
  readonly catalog: () => Catalog;
  readonly session: (id: string) => Promise<Session | undefined>;
  readonly isActive: (session: Session) => boolean;
  readonly decisions: (approvalId: string) => Promise<Decision[]>;
  /** Whether `person:…` or `service_account:…` is still enrolled, and with which groups. */
  readonly approverGroups: (approver: string) => Promise<readonly string[] | undefined>;
}

/**
 * Everything that must still hold at the moment of replay. Returns the sentence that makes the approval void, or
 * undefined when the call may run. Throws only when something could not be looked up; the caller treats that as void.
 */
export async function recheck(deps: RecheckDeps, approval: Approval): Promise<string | undefined> {
  const session = approval.sessionId === undefined ? undefined : await deps.session(approval.sessionId);
  if (session === undefined || !deps.isActive(session))
    return 'The session was revoked or has expired since the call was made.';
  const { server, tool: name } = approval.call;
  if (!scopeCovers(session.scope, { kind: 'tool', server, name }))
    return 'The session’s scope no longer covers this tool.';

  const tool = deps.catalog().byExposed.get(approval.exposed);
  if (tool === undefined || tool.server !== server || tool.tool !== name)
    return 'The tool is no longer offered by its server.';
  if (tool.state === 'quarantined' || tool.hash !== approval.toolHash)
    return 'The tool’s definition has changed since the call was made.';

  const parsed = JSON.parse(approval.call.argumentsText);
  const verdict = judge(deps, session, { kind: 'tool', tool, args: parsed });
  if (verdict.effect === 'deny') return `Policy now denies this call: ${verdict.reason}`;

  return approversRefusal(deps, approval, verdict.approval);
}

/**
 * Everyone who approved must still be enrolled and still be one whom the terms let decide: the terms at the time of the
 * call, and those of the policy in force where it still holds the call.
 */
async function approversRefusal(
  deps: RecheckDeps,
  approval: Approval,
  inForce: ApprovalTerms | undefined,
): Promise<string | undefined> {
  const approvers = (await deps.decisions(approval.id)).filter((one) => one.decision === 'approve');
  const groups = await Promise.all(approvers.map((one) => deps.approverGroups(one.approver)));
  if (groups.some((one) => one === undefined)) return 'Someone who approved it is no longer an approver.';
  for (const terms of [approval.verdict.approval, inForce]) {
    if (terms === undefined) continue;
    if (approvers.length < terms.quorum)
      return `Policy asks for ${terms.quorum} approvals; it has ${approvers.length}.`;
    if (terms.groups.length > 0 && groups.some((one) => !one?.some((group) => terms.groups.includes(group))))
      return `Policy lets only these groups approve: ${terms.groups.join(', ')}.`;
    if (
      terms.approver !== 'automation' &&
      approvers.some((one) => one.approver.startsWith('service_account:'))
    )
      return 'Policy asks for a person’s decision; automation made this one.';
    const own = [approval.subject, `person:${approval.subject}`, `service_account:${approval.subject}`];
    if (terms.excludeRequester && approvers.some((one) => own.includes(one.approver)))
      return 'Policy asks for another approver than the one whose agent made the call.';
  }
  return undefined;
}
