import type { Approval } from '../approvals/approval.ts';
import type { HeldCall } from '../approvals/request.ts';
import { CountersignError, errorText } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { CatalogTool } from '../downstream/catalog.ts';
import type { Verdict } from '../policy/verdict.ts';
import type { GateCall, GateDeps, GateOutcome } from './call.ts';
import { prepareLive, type ReadyCall, sendLive } from './forward.ts';
import { identify } from './identify.ts';
import { judgeAndCount } from './judge.ts';
import { narrow } from './narrow.ts';
import { resolveTool, unknownTool } from './resolve.ts';
import { shutText } from './shut.ts';
import { verdictBody } from './verdict-body.ts';

/**
 * The path of a tool call, in order. Each step either narrows what may happen next or throws. Throws `internal` when
 * something breaks before anything was sent; once a call may have been sent, whatever happens is an outcome.
 */
export async function callTool(deps: GateDeps, call: GateCall): Promise<GateOutcome> {
  let ready: ReadyCall;
  try {
    identify(deps, call.session);
    const tool = resolveTool(deps.downstreams.catalog(), call.name);
    const target = { kind: 'tool', server: tool.server, name: tool.tool } as const;
    narrow(call.session, target, () => unknownTool(call.name));
    if (tool.state !== 'active')
      return { kind: 'refused', code: 'tool_quarantined', message: shutText(tool) };
    const verdict = judgeAndCount(deps, call.session, { kind: 'tool', tool, args: call.args });
    switch (verdict.effect) {
      case 'deny':
        await recordDenial(deps, { call, tool, verdict });
        return { kind: 'denied', reason: verdict.reason, rule: verdict.decidedBy?.rule };
      case 'hold':
        return { kind: 'held', ...(await hold(deps, call, tool, verdict)) };
      case 'allow':
        ready = await prepareLive(deps, { call, tool, verdict });
    }
  } catch (error) {
    if (error instanceof CountersignError)
      return { kind: 'refused', code: error.code, message: error.message };
    const message = `The call was not sent: the gateway failed while judging it (${errorText(error)}). Try again; an operator finds more in its log.`;
    throw new CountersignError('internal', message, { cause: error });
  }
  // Outside of the catch: nothing in there can send, so that what is caught was not sent.
  return sendLive(deps, ready);
}

function hold(
  deps: GateDeps,
  call: GateCall,
  tool: CatalogTool,
  verdict: HeldCall['verdict'],
): Promise<{ approval: Approval; created: boolean }> {
  if (call.idempotencyKey !== undefined && !/^[\x21-\x7e]{1,200}$/.test(call.idempotencyKey)) {
    throw new CountersignError(
      'invalid_request',
      '_meta["countersign/idempotency-key"]: expected 1 to 200 printable ASCII characters without spaces',
    );
  }
  return deps.requestApproval({
    workspace: call.session.workspace,
    session: call.session,
    server: tool.server,
    tool: tool.tool,
    exposed: tool.exposed,
    args: call.args,
    toolHash: tool.hash,
    verdict,
    idempotencyKey: call.idempotencyKey,
  });
}

async function recordDenial(
  deps: GateDeps,
  { call, tool, verdict }: { call: GateCall; tool: CatalogTool; verdict: Verdict },
): Promise<void> {
  await deps.ledger.commit({
    entries: [
      {
        type: 'call.denied',
        ref: {
          session: call.session.id,
          subject: call.session.subject,
          principal: `session:${call.session.id}`,
          action: `${tool.server}/${tool.tool}`,
        },
        body: {
          ...verdictBody(verdict),
          reason: verdict.reason.slice(0, LIMITS.reasonCharacters),
        },
      },
    ],
  });
}
