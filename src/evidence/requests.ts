import { isJsonObject, type JsonObject } from '../core/json.ts';
import { makerOf } from './makers.ts';
import { countOf, objectOf, shapeProblem, textOf, textsOf } from './members.ts';
import type { Request } from './open-approval.ts';
import { type Rule, SLACK_MS } from './world.ts';

const SHAPE = {
  kind: 'text',
  action: 'commitment',
  view: 'commitment',
  instance: 'text',
  tool_def: 'text',
  policy: 'text',
  effect: 'text',
  aud: 'text',
  quorum: 'count',
  groups: 'texts',
  approver: 'text',
  exclude_requester: 'flag',
  escalations: 'objects',
  authenticator: 'object',
  capability: 'object',
  expires_at: 'count',
  risk: 'text?',
} as const;

function termsProblem(body: JsonObject): string | undefined {
  const { kind, effect, approver, quorum } = body;
  if (kind !== 'tool' && kind !== 'action') return 'its kind is neither tool nor action';
  if (effect !== 'hold' && effect !== 'allow') return 'its effect is neither hold nor allow';
  if (approver !== 'person' && approver !== 'automation')
    return 'its approver is neither person nor automation';
  if (kind === 'tool' && effect === 'allow') return 'a tool call that policy allows needs no approval';
  if ((quorum === 0) !== (effect === 'allow')) return 'its quorum is zero exactly when policy allows it';
  return undefined;
}

function membersProblem(body: JsonObject): string | undefined {
  const authenticator = objectOf(body, 'authenticator');
  if (authenticator.backup_eligible !== undefined && authenticator.backup_eligible !== false)
    return 'its authenticator.backup_eligible is not false';
  const problem =
    shapeProblem(authenticator, { attestation: 'texts?', aaguids: 'texts?' }) ??
    shapeProblem(objectOf(body, 'capability'), { ttl_s: 'count', dpop: 'flag' });
  if (problem !== undefined) return problem;
  for (const step of body.escalations as JsonObject[]) {
    const wrong = shapeProblem(step, { after_ms: 'count', groups: 'texts' });
    if (wrong !== undefined) return `of an escalation: ${wrong}`;
  }
  return undefined;
}

function readRequest(body: JsonObject): Request | string {
  const problem = shapeProblem(body, SHAPE) ?? termsProblem(body) ?? membersProblem(body);
  if (problem !== undefined) return problem;
  const authenticator = objectOf(body, 'authenticator');
  const capability = objectOf(body, 'capability');
  const list = (member: string): readonly string[] | undefined =>
    authenticator[member] === undefined ? undefined : textsOf(authenticator, member);
  return {
    kind: body.kind as Request['kind'],
    action: textOf(body, 'action'),
    view: textOf(body, 'view'),
    instance: textOf(body, 'instance'),
    toolDef: textOf(body, 'tool_def'),
    policy: textOf(body, 'policy'),
    effect: body.effect as Request['effect'],
    aud: textOf(body, 'aud'),
    risk: body.risk === undefined ? undefined : textOf(body, 'risk'),
    quorum: countOf(body, 'quorum'),
    groups: textsOf(body, 'groups'),
    approver: body.approver as Request['approver'],
    excludeRequester: body.exclude_requester === true,
    escalations: (body.escalations as JsonObject[]).map((step) => ({
      afterMs: countOf(step, 'after_ms'),
      groups: textsOf(step, 'groups'),
    })),
    authenticator: {
      backupEligible: authenticator.backup_eligible === false ? false : undefined,
      attestation: list('attestation'),
      aaguids: list('aaguids'),
    },
    ttlSeconds: countOf(capability, 'ttl_s'),
    dpop: capability.dpop === true,
    expiresAt: countOf(body, 'expires_at'),
  };
}

/** A request by a session needs that session, alive. */
export const requesterLives: Rule = (world, { ref, body, ts }) => {
  const requester = ref.principal ?? '';
  if (!requester.startsWith('session:')) {
    return body.kind === 'tool' ? 'a tool call is requested by a session' : undefined;
  }
  const session = world.sessions.get(requester.slice('session:'.length));
  if (session === undefined || ref.session !== requester.slice('session:'.length))
    return `${requester} does not exist at this point, or was revoked`;
  return ts > session.endsAt + SLACK_MS ? `${requester} had run out` : undefined;
};

/** `approval.requested`. */
export const requested: Rule = (world, { body, ref, seq, ts, type }) => {
  const id = ref.approval;
  if (id === undefined || ref.principal === undefined || ref.subject === undefined || !isJsonObject(body))
    return 'it does not say what is requested, by whom and for whom';
  if (world.approvals.has(id)) return `${id} was requested before`;
  const request = readRequest(body);
  if (typeof request === 'string') return request;
  world.approvals.set(id, {
    request,
    requestedSeq: seq,
    requestedAt: ts,
    requester: ref.principal,
    maker: makerOf(world, ref.principal),
    subject: ref.subject,
    state: 'pending',
    last: { seq, type },
    decisions: new Map(),
    ttlSeconds: request.ttlSeconds,
    approved: undefined,
    capability: undefined,
    capabilityRevoked: false,
    attempt: 0,
    callSha256: undefined,
    token: undefined,
  });
  world.tally.requests++;
  return undefined;
};
