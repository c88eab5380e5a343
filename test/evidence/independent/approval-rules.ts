import { fail, must } from './bytes.ts';
import { checkStatement, proveAccount, provePasskey, signedText } from './proofs.ts';
import { makerOf } from './trust-rules.ts';
import type { World } from './world.ts';

type Rule = (world: World, entry: any) => void;

function open(world: World, entry: any, ...states: string[]): any {
  const approval = world.approvals.get(entry.ref.approval) ?? fail('no open request');
  must(states.includes(approval.state), `it is ${approval.state}`);
  return approval;
}

function after(approval: any, entry: any, type: string): void {
  must(approval.last.seq === entry.seq - 1 && approval.last.type === type, `not right after ${type}`);
}

const approvals = (approval: any, broken: boolean): number =>
  [...approval.decisions.values()].filter((one) => one.decision === 'approve' && one.broken === broken)
    .length;
const denied = (approval: any): boolean =>
  [...approval.decisions.values()].some((one) => one.decision === 'deny');

function entitled(
  approval: any,
  entry: any,
  approver: { ref: string; groups: string[]; subject?: string; flags?: number; passkey?: any },
): void {
  const { body: asked, ts: askedAt, ref } = approval.entry;
  const broken = entry.body.break_glass === true;
  const { groups, passkey, flags = 0 } = approver;
  if (broken) {
    must(
      passkey && groups.includes('break-glass') && entry.body.decision === 'approve',
      'may not break the glass',
    );
  } else if (asked.groups.length > 0) {
    const due = asked.escalations.filter((step: any) => entry.ts + 5_000 >= askedAt + step.after_ms);
    const allowed = [...asked.groups, ...due.flatMap((step: any) => step.groups)];
    must(
      groups.some((group) => allowed.includes(group)),
      'is of no group that may decide',
    );
  }
  if (asked.exclude_requester || broken) {
    const own = [approver.ref, approver.ref.split(':')[1]];
    if (approver.subject !== undefined) own.push(approver.subject, `user:${approver.subject}`);
    must(approver.ref !== ref.principal && !own.includes(ref.subject), 'decides their own request');
    must(approval.maker !== undefined && approval.maker !== approver.ref, 'decides what they made ask');
  }
  must(passkey !== undefined || asked.approver === 'automation', 'a machine decides for people');
  const terms = asked.authenticator;
  if (passkey === undefined) must(Object.keys(terms).length === 0, 'a machine has no passkey');
  if (passkey === undefined) return;
  if (terms.backup_eligible === false || broken) must((flags & 8) === 0, 'a passkey that can be copied');
  must(terms.attestation?.includes(passkey.attestation) ?? true, 'another attestation');
  must(terms.aaguids?.includes(passkey.aaguid.toLowerCase()) ?? true, 'another model');
}

const decided: Rule = (world, entry) => {
  const approval = open(world, entry, 'pending');
  const { body, ref, ts } = entry;
  const { body: asked } = approval.entry;
  must(ts <= asked.expires_at + 5_000 && !denied(approval), 'too late');
  must(!approval.decisions.has(ref.principal), 'decided twice');
  const { reason, scope } = JSON.parse(body.statement);
  const broken = body.break_glass === true;
  must(!broken || reason !== undefined, 'no reason');
  const shorter = broken && scope.ttl >= 1 && scope.ttl < asked.capability.ttl_s;
  const expected = {
    typ: 'approval-statement/v1',
    log: world.log,
    approval: ref.approval,
    instance: asked.instance,
    decision: body.decision,
    ...(reason === undefined ? {} : { reason }),
    ...(broken ? { break_glass: true } : {}),
    action: asked.action,
    view: asked.view,
    tool_def: asked.tool_def,
    policy: asked.policy,
    approver: ref.principal,
    scope: { aud: asked.aud, uses: 1, ttl: shorter ? scope.ttl : asked.capability.ttl_s },
  };
  must(body.decision === 'approve' || body.decision === 'deny', 'no decision');
  checkStatement(body.statement, expected, { ts, nonces: world.nonces });
  const proof = JSON.parse(body.proof);
  const account = world.accounts.get(ref.principal);
  if (account !== undefined) {
    must(proof.batch === undefined, 'a machine decides one by one');
    proveAccount(proof, body.statement, account);
    entitled(approval, entry, { ref: ref.principal, groups: account.groups });
  } else {
    const person = world.people.get(ref.principal) ?? fail('not enrolled');
    const passkey = person.passkeys.get(proof.credential_id) ?? fail('not a passkey of theirs');
    must(proof.batch === undefined || (!broken && asked.risk !== 'critical'), 'may not be in a batch');
    const signed = signedText(proof, body.statement, { log: world.log, approver: ref.principal });
    const flags = provePasskey(proof, signed, passkey);
    entitled(approval, entry, { ...person, ref: ref.principal, flags, passkey });
  }
  approval.decisions.set(ref.principal, { decision: body.decision, broken });
  approval.ttl = scope.ttl;
};

const approved: Rule = (world, entry) => {
  const approval = open(world, entry, 'pending');
  const { basis, expires_at } = entry.body;
  const { quorum, effect } = approval.entry.body;
  must(!denied(approval), 'denied');
  if (basis === 'decision') {
    after(approval, entry, 'approval.decided');
    must(approvals(approval, false) >= Math.max(1, quorum), 'too few');
  } else if (basis === 'break_glass') {
    after(approval, entry, 'break_glass.invoked');
    must(approvals(approval, true) >= 2, 'too few');
  } else {
    after(approval, entry, 'approval.requested');
    must(basis === 'policy' && effect === 'allow', 'policy did not allow it');
  }
  must(expires_at <= entry.ts + 1000 * approval.ttl + 5_000, 'lasts too long');
  Object.assign(approval, { state: 'approved', basis, endsAt: expires_at });
};

const end =
  (...states: string[]): Rule =>
  (world, entry) => {
    open(world, entry, ...states);
    world.approvals.delete(entry.ref.approval);
  };

/** Rules 3 to 7 and the rest of 9: what becomes of a request. */
export const APPROVALS: Record<string, Rule> = {
  'approval.requested'(world, entry) {
    const { body, ref, ts } = entry;
    must(['tool', 'action'].includes(body.kind) && ['hold', 'allow'].includes(body.effect), 'another kind');
    must(body.kind === 'action' || body.effect === 'hold', 'a tool call that needs no approval');
    must((body.quorum === 0) === (body.effect === 'allow'), 'a quorum that does not fit');
    if (body.kind === 'tool' || ref.principal.startsWith('session:')) {
      must(ref.principal === `session:${ref.session}`, 'another session');
      must(ts <= (world.sessions.get(ref.session)?.ends ?? -1e9) + 5_000, 'a session that is not alive');
    }
    must(ref.approval && ref.subject && !world.approvals.has(ref.approval), 'requested twice');
    const ttl = body.capability.ttl_s;
    const maker = makerOf(world, ref.principal);
    world.approvals.set(ref.approval, { entry, maker, state: 'pending', decisions: new Map(), ttl });
  },
  'approval.decided': decided,
  'approval.approved': approved,
  'approval.escalated'(world, entry) {
    const { entry: asked } = open(world, entry, 'pending');
    const { after_ms, groups } = entry.body;
    const known = asked.body.escalations.some(
      (one: any) => one.after_ms === after_ms && JSON.stringify(one.groups) === JSON.stringify(groups),
    );
    must(known && entry.ts + 5_000 >= asked.ts + after_ms, 'no such escalation');
  },
  'break_glass.invoked'(world, entry) {
    const approval = open(world, entry, 'pending');
    after(approval, entry, 'approval.decided');
    must(entry.body.approvals === approvals(approval, true), 'counts others');
  },
  'approval.denied'(world, entry) {
    const approval = open(world, entry, 'pending');
    after(approval, entry, 'approval.decided');
    must(denied(approval), 'nobody denied it');
    world.approvals.delete(entry.ref.approval);
  },
  'approval.expired'(world, entry) {
    const approval = open(world, entry, 'pending', 'approved');
    must(entry.ts + 5_000 >= (approval.endsAt ?? approval.entry.body.expires_at), 'not yet');
    world.approvals.delete(entry.ref.approval);
  },
  'approval.cancelled': end('pending'),
  'approval.void': end('approved'),
  'capability.issued'(world, entry) {
    const approval = open(world, entry, 'approved');
    after(approval, entry, 'approval.approved');
    const { body } = entry;
    const { body: asked, ref } = approval.entry;
    must(
      body.aud === asked.aud && body.action === asked.action && body.dpop === asked.capability.dpop,
      'another call',
    );
    must(body.holder === (asked.kind === 'tool' ? 'gateway' : ref.principal), 'another holder');
    must(body.basis === (approval.basis === 'policy' ? 'policy' : 'decision'), 'another basis');
    must(body.expires_at === approval.endsAt, 'another end');
    approval.capability = body;
  },
  'capability.revoked'(world, { body }) {
    for (const approval of world.approvals.values())
      if (approval.capability?.capability === body.capability) approval.revoked = true;
  },
  'approval.executing'(world, entry) {
    const approval = open(world, entry, 'approved');
    must(approval.capability && !approval.revoked, 'nothing was released');
    must(entry.ts < approval.endsAt + 5_000, 'too late');
    const { body: asked } = approval.entry;
    must(entry.body.digest === asked.action, 'another call');
    must(asked.kind === 'tool' || entry.body.owner === approval.capability.holder, 'another owner');
    Object.assign(approval, { state: 'executing', attempt: entry.body.attempt });
    world.due = entry.ref.approval;
    world.dispatches++;
  },
  'capability.exchanged'(world, entry) {
    const approval = open(world, entry, 'executing');
    after(approval, entry, 'approval.executing');
    const { body } = entry;
    const { capability, holder, dpop } = approval.capability;
    must(body.capability === capability && body.holder === holder, 'another capability');
    must(approval.entry.body.kind === 'tool' || body.token !== undefined, 'no token');
    if (body.token === undefined) return;
    must(body.jti && world.tokenKeys.has(body.kid) && (!dpop || body.jkt), 'a token without key');
  },
  'approval.outcome'(world, entry) {
    const approval = open(world, entry, 'executing');
    must(entry.body.attempt === approval.attempt, 'another attempt');
    if (entry.body.state === 'unknown') approval.state = 'unknown';
    else
      must(
        ['succeeded', 'failed'].includes(entry.body.state) && world.approvals.delete(entry.ref.approval),
        'no outcome',
      );
  },
  'approval.resolved'(world, entry) {
    open(world, entry, 'unknown');
    must(['succeeded', 'failed'].includes(entry.body.state), 'no outcome');
    world.approvals.delete(entry.ref.approval);
  },
};
