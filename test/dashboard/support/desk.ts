import { buildStatement, statementChallenge } from '../../../src/approvals/statement.ts';
import { effectLine, renderView } from '../../../src/approvals/view.ts';
import { canonicalize } from '../../../src/core/canonical.ts';
import { toRfc3339 } from '../../../src/core/clock.ts';
import { commitment, sha256Hex } from '../../../src/core/digest.ts';
import { CountersignError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Risk } from '../../../src/policy/verdict.ts';
import type { Principal } from '../../../src/principals/principal.ts';
import { allowedCredentials, verifyDecisionAssertion } from '../../../src/principals/prove.ts';
import type { Office } from '../../principals/support/office.ts';

type Json = Record<string, unknown>;
type Person = Principal & { readonly kind: 'person' };

export interface HeldCall {
  readonly tool?: string;
  readonly args?: JsonObject;
  readonly risk?: Risk;
  readonly quorum?: number;
  readonly groups?: readonly string[];
  readonly expiresInMs?: number;
}

interface Held extends Json {
  readonly id: string;
  state: string;
  decision_reason: string | null;
  result: Json | null;
  readonly call: string;
  readonly quorum: { readonly needed: number; readonly approvals: Json[] };
}

/** Approvals in memory, decided by real assertions over real statements. */
export interface Desk {
  hold(call?: HeldCall): string;
  /** Changes an approval behind the page's back and tells the stream. */
  change(id: string, change: Json): void;
  get(id: string): Held;
  onEntry(listener: (entry: { seq: number } & Json) => void): void;
  list(query: URLSearchParams): Json;
  detail(id: string): Json;
  statement(id: string, me: Person, body: Json): Promise<Json>;
  decide(id: string, me: Person, body: Json): Promise<Json>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function openDesk(office: Office, origin: string): Desk {
  const { deps } = office;
  const approvals = new Map<string, Held>();
  const statements = new Map<string, { text: string; decision: string; reason: string | undefined }>();
  const listeners = new Set<(entry: { seq: number } & Json) => void>();
  const count = { entries: 0 };

  function tell(type: string, approval: string): void {
    const entry = { seq: ++count.entries, ts: toRfc3339(deps.now()), type, ref: { approval }, body: {} };
    for (const listener of listeners) listener(entry);
  }

  function get(id: string): Held {
    const found = approvals.get(id);
    if (found === undefined) throw new CountersignError('not_found', `There is no approval ${id}.`);
    return found;
  }

  function hold(held: HeldCall = {}): string {
    const { tool = 'payments_refund', args = { amount_cents: 7500, invoice_id: 'inv_0001' } } = held;
    const id = deps.newId('apr');
    const call = canonicalize({ arguments: args, server: 'sandbox', tool });
    const effect = effectLine({ tool, args });
    const expiresAt = deps.now() + (held.expiresInMs ?? 600_000);
    const risk: Risk = held.risk ?? 'high';
    const common = {
      risk,
      reason: 'Refunds over 50.00 need a person.',
      expiresAt,
      session: 'ses_1',
      subject: 'user-1',
    };
    const view = renderView({
      ...common,
      callText: call,
      server: 'sandbox',
      tool,
      effect,
      rule: 'refunds',
    });
    const [callSalt, viewSalt] = [deps.random(32), deps.random(32)];
    approvals.set(id, {
      id,
      state: 'pending',
      state_reason: null,
      session: { id: 'ses_1', subject: 'user-1', labels: { team: 'support' } },
      server: 'sandbox',
      tool,
      exposed: tool,
      risk,
      rule: { id: 'refunds', file: 'refunds.yaml', line: 12 },
      reason: common.reason,
      requested_at: toRfc3339(deps.now()),
      expires_at: toRfc3339(expiresAt),
      decided_at: null,
      decision_reason: null,
      quorum: { needed: held.quorum ?? 1, approvals: [] },
      groups: held.groups ?? ['finance'],
      approver: 'person',
      call_digest: `sha256:${sha256Hex(call)}`,
      effect,
      url: `${origin}/approvals/${id}`,
      call,
      call_salt: hex(callSalt),
      call_commit: commitment(callSalt, call),
      view,
      view_salt: hex(viewSalt),
      view_commit: commitment(viewSalt, view),
      tool_hash: 'sha256:aa',
      tool_definition: { name: tool, description: 'Refunds.\u202E <img src=x onerror=alert(1)>' },
      policy_version: 'sha256:bb',
      instance: 'ins_1',
      log: 'localhost/default',
      result: null,
    });
    tell('approval.requested', id);
    return id;
  }

  return {
    hold,
    get,
    change(id, change) {
      Object.assign(get(id), change);
      tell('approval.outcome', id);
    },
    onEntry: (listener) => void listeners.add(listener),
    list(query) {
      const state = query.get('state');
      const data = [...approvals.values()].filter((approval) => state === null || approval.state === state);
      return { data: data.reverse(), next_cursor: null, has_more: false };
    },
    detail: (id) => get(id),
    async statement(id, me, body) {
      const approval = get(id);
      if (approval.state !== 'pending')
        throw new CountersignError('conflict', `This call is already ${approval.state}.`);
      const reason = body.reason === undefined ? undefined : String(body.reason);
      const decision = body.decision === 'approve' ? 'approve' : 'deny';
      const expiresAt = deps.now() + 300_000;
      const text = buildStatement({
        log: String(approval.log),
        approval: id,
        instance: String(approval.instance),
        decision,
        ...(reason === undefined ? {} : { reason }),
        actionCommit: String(approval.call_commit),
        viewCommit: String(approval.view_commit),
        toolHash: String(approval.tool_hash),
        policyVersion: String(approval.policy_version),
        approver: `person:${me.id}`,
        scope: { aud: 'sandbox', uses: 1, ttl: 60 },
        nonce: Buffer.from(deps.random(32)).toString('base64url'),
        exp: Math.floor(expiresAt / 1000),
      });
      const statementId = deps.newId('stm');
      statements.set(statementId, { text, decision, reason });
      return {
        statement_id: statementId,
        statement: text,
        challenge: Buffer.from(statementChallenge(text)).toString('base64url'),
        expires_at: toRfc3339(expiresAt),
        rp_id: deps.party.rpId,
        allow_credentials: await allowedCredentials(deps, me.id),
      };
    },
    async decide(id, me, body) {
      const approval = get(id);
      const offered = statements.get(String(body.statement_id));
      if (offered === undefined)
        throw new CountersignError('forbidden', 'This statement was not offered to you.');
      const proven = await verifyDecisionAssertion(deps, {
        challenge: statementChallenge(offered.text),
        assertion: body.assertion as never,
        personId: me.id,
        expectedOrigin: origin,
      });
      if (approval.state !== 'pending')
        throw new CountersignError('conflict', `This call is already ${approval.state}.`);
      await deps.ledger.commit({ guard: proven.recordUse, entries: [] });
      const { decision, reason } = offered;
      const vote = { approver: `person:${me.id}`, name: me.name, decision, at: toRfc3339(deps.now()) };
      approval.quorum.approvals.push(vote);
      if (decision === 'deny') Object.assign(approval, { state: 'denied', decision_reason: reason ?? null });
      else if (approval.quorum.approvals.length >= approval.quorum.needed) approval.state = 'executing';
      tell('approval.decided', id);
      return approval;
    },
  };
}
