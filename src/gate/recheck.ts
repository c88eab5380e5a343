import type { Approval } from '../approvals/approval.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Catalog } from '../downstream/catalog.ts';
import { refusalText } from '../downstream/pin.ts';
import type { Session } from '../sessions/session.ts';
import { type JudgeDeps, judge } from './judge.ts';
import { approversRefusal, type RecheckApproversDeps } from './recheck-approvers.ts';

export interface RecheckDeps extends JudgeDeps, RecheckApproversDeps {
  readonly catalog: () => Catalog;
  readonly session: (id: string) => Promise<Session | undefined>;
  readonly isActive: (session: Session) => boolean;
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
  if (tool.refusal !== undefined) return `The tool’s definition was ${refusalText(tool.refusal)}.`;
  if (tool.state !== 'active' || tool.hash !== approval.toolHash)
    return 'The tool’s definition has changed since the call was made.';

  const parsed = JSON.parse(approval.call.argumentsText);
  const verdict = judge(deps, session, { kind: 'tool', tool, args: parsed });
  if (verdict.effect === 'deny') return `Policy now denies this call: ${verdict.reason}`;

  return approversRefusal(deps, approval, verdict.approval);
}
