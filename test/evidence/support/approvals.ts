import { canonicalize } from '../../../src/core/canonical.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { EntryRef } from '../../../src/ledger/entry.ts';
import type { Player, Tweak } from './cast.ts';
import { LOG, type Scribe, type Secret, statementOf } from './scribe.ts';

/** An approval as the scribe has written it so far. */
export interface Asked {
  readonly id: string;
  readonly ref: EntryRef;
  readonly requester: string;
  readonly body: JsonObject;
  readonly call: Secret;
}

export interface Ask {
  readonly id: string;
  /** The session of a tool call; an action otherwise, by this requester. */
  readonly session?: string;
  readonly requester?: string;
  readonly subject?: string;
  readonly body?: JsonObject;
  readonly disclose?: boolean;
}

export function ask(scribe: Scribe, how: Ask): Asked {
  const { id, session, subject = session === undefined ? 'service-account:bot' : 'ann' } = how;
  const requester = how.requester ?? (session === undefined ? 'api_key:key_1' : `session:${session}`);
  const action = session === undefined ? 'deployment.execute' : 'bank/pay';
  const call = scribe.secret(
    session === undefined
      ? canonicalize({
          action,
          actor: subject,
          arguments: { tag: id },
          metadata: {},
          resource: 'service:billing',
          risk: 'high',
        })
      : canonicalize({ arguments: { to: id }, server: 'bank', tool: 'pay' }),
  );
  const view = scribe.secret(`Countersign approval view v1\nEffect: ${id}\n`);
  const body: JsonObject = {
    kind: session === undefined ? 'action' : 'tool',
    action: call.commit,
    view: view.commit,
    instance: scribe.random().toString('hex').slice(0, 32),
    tool_def: session === undefined ? 'none' : 'sha256:pay',
    policy: 'sha256:policy',
    rule: 'payments',
    effect: 'hold',
    risk: 'high',
    aud: session === undefined ? 'service:billing' : 'bank',
    quorum: 1,
    groups: [],
    approver: 'person',
    exclude_requester: true,
    escalations: [],
    authenticator: {},
    capability: { ttl_s: 300, dpop: false },
    expires_at: scribe.now + 600_000,
    ...how.body,
  };
  const ref = { approval: id, ...(session === undefined ? {} : { session }), subject, action };
  scribe.append('approval.requested', { ...ref, principal: requester }, body);
  if (how.disclose === true) {
    scribe.disclose({ id, of: 'action', secret: call });
    scribe.disclose({ id, of: 'view', secret: view });
  }
  return { id, ref, requester, body, call };
}

interface Account {
  readonly ref: string;
  prove(challenge: Uint8Array): string;
}

interface DecideTweak extends Tweak {
  readonly decision?: 'approve' | 'deny';
  readonly reason?: string;
  readonly breakGlass?: boolean;
  readonly ttl?: number;
  /** What is signed in place of the statement, and stands in the proof, from the statement's digest. */
  readonly batch?: (digest: string) => JsonObject;
}

/** A decision with its statement, signed by the approver's own credential. */
export function decide(scribe: Scribe, asked: Asked, by: Player | Account, how: DecideTweak = {}): void {
  const { decision = 'approve', reason, breakGlass = false } = how;
  const { body } = asked;
  const { text, challenge } = statementOf({
    typ: 'approval-statement/v1',
    log: LOG,
    approval: asked.id,
    instance: body.instance ?? null,
    decision,
    ...(reason === undefined ? {} : { reason }),
    ...(breakGlass ? { break_glass: true } : {}),
    action: body.action ?? null,
    view: body.view ?? null,
    tool_def: body.tool_def ?? null,
    policy: body.policy ?? null,
    approver: by.ref,
    scope: { aud: body.aud ?? null, uses: 1, ttl: how.ttl ?? (body.capability as { ttl_s: number }).ttl_s },
    nonce: scribe.random().toString('base64url'),
    exp: Math.floor(scribe.now / 1000) + 300,
    ...how.statement,
  });
  const batch = how.batch && statementOf(how.batch(Buffer.from(challenge).toString('hex')));
  const signed = batch?.challenge ?? challenge;
  const alone = 'device' in by ? (how.device ?? by.device).prove(signed, how.odd) : by.prove(signed);
  const proof = batch === undefined ? alone : JSON.stringify({ ...JSON.parse(alone), batch: batch.text });
  scribe.append(
    'approval.decided',
    { ...asked.ref, principal: by.ref, ...how.ref },
    { decision, statement: text, proof, ...(breakGlass ? { break_glass: true } : {}), ...how.body },
  );
}

export function breakGlass(scribe: Scribe, asked: Asked, by: Player, approvals: number): void {
  decide(scribe, asked, by, { breakGlass: true, reason: 'production is down', ttl: 60 });
  scribe.append(
    'break_glass.invoked',
    { ...asked.ref, principal: by.ref },
    { reason: 'production is down', approvals, needed: 2 },
  );
}

/** `approval.approved` and the capability that comes with it. */
export function approve(
  scribe: Scribe,
  asked: Asked,
  how: { basis?: string; ttlMs?: number; approved?: JsonObject; issued?: JsonObject } = {},
): void {
  const { basis = 'decision', ttlMs = 300_000 } = how;
  const expires_at = scribe.now + ttlMs;
  scribe.append('approval.approved', asked.ref, { basis, expires_at, ...how.approved });
  scribe.append(
    'capability.issued',
    { ...asked.ref },
    {
      capability: `cap_${asked.id}`,
      holder: asked.body.kind === 'tool' ? 'gateway' : asked.requester,
      aud: asked.body.aud ?? null,
      action: asked.body.action ?? null,
      basis: basis === 'policy' ? 'policy' : 'decision',
      dpop: false,
      expires_at,
      ...how.issued,
    },
  );
}

/** `approval.executing` and the exchange that belongs to it. */
export function dispatch(
  scribe: Scribe,
  asked: Asked,
  how: { executing?: JsonObject; exchanged?: JsonObject } = {},
): void {
  const holder = asked.body.kind === 'tool' ? 'gateway' : asked.requester;
  const owner = asked.body.kind === 'tool' ? 'own_1' : asked.requester;
  scribe.append('approval.executing', asked.ref, {
    attempt: 1,
    owner,
    digest: asked.body.action ?? null,
    ...how.executing,
  });
  scribe.append('capability.exchanged', asked.ref, {
    capability: `cap_${asked.id}`,
    holder,
    ...how.exchanged,
  });
}

export function settle(scribe: Scribe, asked: Asked, state = 'succeeded', disclose = false): void {
  const result = scribe.secret('{"content":[]}');
  scribe.append('approval.outcome', asked.ref, {
    state,
    attempt: 1,
    ...(state === 'unknown' ? { reason: 'lease ended' } : { result: result.commit, bytes: 14 }),
  });
  if (disclose) scribe.disclose({ id: asked.id, of: 'result', secret: result });
}
