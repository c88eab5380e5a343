import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { Session } from '../sessions/session.ts';
import type { GateDeps, GateOutcome } from './call.ts';
import { prepareLive, sendLive } from './forward.ts';
import { identify } from './identify.ts';
import { judge } from './judge.ts';
import { narrow } from './narrow.ts';
import { shutText } from './shut.ts';

/** A call that the gateway makes for work that a session began: to ask how it stands, or to end it. */
export interface CallForJob {
  readonly session: Session;
  readonly server: string;
  /** The name that the server knows. */
  readonly tool: string;
  readonly args: JsonObject;
}

/**
 * Goes the same way as a call of the session's own: it must be alive, its scope must cover the tool, and policy must
 * allow the call. It is recorded like any other, but takes none of the session's calls and counts towards no rate
 * limit. Nothing is frozen: what policy would hold is refused. Throws `not_found` when the session has ended or there
 * is no such tool for it, `denied_by_policy`, `tool_quarantined`, and `ledger_unavailable`.
 */
export async function callForJob(deps: GateDeps, input: CallForJob): Promise<GateOutcome> {
  const { session, server, args } = input;
  identify(deps, session);
  const unknown = (): CountersignError =>
    new CountersignError('not_found', `There is no tool "${input.tool}" of "${server}" for this session.`);
  const tool = deps.downstreams
    .catalog()
    .tools.find((one) => one.server === server && one.tool === input.tool);
  if (tool === undefined) throw new CountersignError('downstream_unavailable', unknown().message);
  narrow(session, { kind: 'tool', server, name: tool.tool }, unknown);
  if (tool.state !== 'active') throw new CountersignError('tool_quarantined', shutText(tool));
  const verdict = judge(deps, session, { kind: 'tool', tool, args });
  if (verdict.effect !== 'allow')
    throw new CountersignError(
      'denied_by_policy',
      `Policy does not allow this session to call "${server}/${tool.tool}" (${verdict.effect}).`,
    );
  const call = { session, name: tool.exposed, args, meta: undefined, idempotencyKey: undefined };
  return sendLive(deps, await prepareLive(deps, { call, tool, verdict, isOwn: true }));
}
