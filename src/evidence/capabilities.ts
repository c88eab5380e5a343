import { createPublicKey } from 'node:crypto';
import { canonicalize } from '../core/canonical.ts';
import { sha256 } from '../core/digest.ts';
import { approvalIn, followsProblem } from './approvals.ts';
import { countOf, objectOf, shapeProblem, textOf } from './members.ts';
import { type Rule, SLACK_MS } from './world.ts';

/** `capability_key.created`: a P-256 key under its own thumbprint (RFC 7638). */
export const keyCreated: Rule = (world, { body }) => {
  const problem = shapeProblem(body, { kid: 'text', jwk: 'object' });
  if (problem !== undefined) return problem;
  const kid = textOf(body, 'kid');
  const { kty, crv, x, y } = objectOf(body, 'jwk');
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string')
    return 'its key is not a public key of P-256';
  if (Buffer.from(sha256(canonicalize({ crv, kty, x, y }))).toString('base64url') !== kid)
    return 'its kid is not the thumbprint of its key (RFC 7638)';
  try {
    world.capabilityKeys.set(kid, createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' }));
  } catch {
    return 'its key is not a point of P-256';
  }
  return undefined;
};

/** `capability_key.retired`: tokens signed with it after this are not valid. */
export const keyRetired: Rule = (world, { body }) => {
  const kid = String(body.kid);
  return world.capabilityKeys.delete(kid) ? undefined : `no capability key ${kid} is in use`;
};

/** `capability.issued`: with the approval, for the same action and audience, and no longer. */
export const issued: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['approved']);
  if (typeof approval === 'string') return approval;
  const { body } = entry;
  const problem = shapeProblem(body, {
    capability: 'text',
    holder: 'text',
    aud: 'text',
    action: 'commitment',
    basis: 'text',
    dpop: 'flag',
    expires_at: 'count',
  });
  if (problem !== undefined) return problem;
  const reason = followsProblem(approval, entry, ['approval.approved']);
  if (reason !== undefined) return reason;
  const { request, requester, approved } = approval;
  if (body.aud !== request.aud || body.action !== request.action)
    return 'it is for another action or audience than what was approved';
  if (body.holder !== (request.kind === 'tool' ? 'gateway' : requester))
    return 'its holder is not who may carry the action out';
  if (body.basis !== (approved?.basis === 'policy' ? 'policy' : 'decision'))
    return 'its basis is not that of the approval';
  if (body.dpop !== request.dpop) return 'its dpop is not that of the request';
  const expiresAt = countOf(body, 'expires_at');
  if (expiresAt !== approved?.expiresAt) return 'it does not end when the approval does';
  approval.capability = {
    id: textOf(body, 'capability'),
    holder: textOf(body, 'holder'),
    dpop: body.dpop === true,
    expiresAt,
  };
  approval.last = { seq: entry.seq, type: entry.type };
  return undefined;
};

/** `capability.revoked`: what is revoked before its exchange can no longer be exchanged. */
export const revoked: Rule = (world, { body }) => {
  const problem = shapeProblem(body, { capability: 'text' });
  if (problem !== undefined) return problem;
  // By its own id: whatever approval the entry names, nobody may use it any more.
  for (const approval of world.approvals.values())
    if (approval.capability?.id === body.capability) approval.capabilityRevoked = true;
  return undefined;
};

/** `approval.executing`: of an approved request, in time, of exactly the approved bytes, once. */
export const executing: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['approved']);
  if (typeof approval === 'string') return approval;
  const { body, seq, ts } = entry;
  const problem = shapeProblem(body, { attempt: 'count', owner: 'text', digest: 'commitment' });
  if (problem !== undefined) return problem;
  const { approved, capability, request } = approval;
  if (approved === undefined || capability === undefined) return 'nothing was released for it';
  if (approval.capabilityRevoked) return 'its capability was revoked';
  if (ts >= approved.expiresAt + SLACK_MS) return 'what was released had run out';
  if (body.digest !== request.action) return 'it is not the call that was approved';
  if (request.kind === 'action' && body.owner !== capability.holder)
    return 'its owner does not hold the capability';
  approval.state = 'executing';
  approval.attempt = countOf(body, 'attempt');
  approval.last = { seq, type: entry.type };
  world.due = { seq: seq + 1, type: 'capability.exchanged', approval: entry.ref.approval ?? '' };
  world.tally.dispatches++;
  if (approved.basis === 'policy') world.tally.allowedByPolicy++;
  return undefined;
};

/** `capability.exchanged`: of the capability that was issued, together with the dispatch. */
export const exchanged: Rule = (world, entry) => {
  const approval = approvalIn(world, entry, ['executing']);
  if (typeof approval === 'string') return approval;
  const { body } = entry;
  const problem = shapeProblem(body, {
    capability: 'text',
    holder: 'text',
    jti: 'text?',
    kid: 'text?',
    jkt: 'text?',
    token: 'commitment?',
    token_expires_at: 'count?',
  });
  if (problem !== undefined) return problem;
  const reason = followsProblem(approval, entry, ['approval.executing']);
  if (reason !== undefined) return reason;
  const { capability } = approval;
  if (capability === undefined || capability.id !== body.capability || capability.holder !== body.holder)
    return 'it is not the capability that was issued to this holder';
  const { jti, kid, jkt, token } = body;
  if (approval.request.kind === 'action' && token === undefined) return 'no token was made for the holder';
  if (token !== undefined) {
    if (typeof jti !== 'string' || typeof kid !== 'string') return 'its token has no jti and kid';
    if (!world.capabilityKeys.has(kid)) return 'its token is signed with a key that is not in use';
    if (capability.dpop && jkt === undefined) return 'its token is not bound to a key';
    const expiresAt = body.token_expires_at === undefined ? undefined : countOf(body, 'token_expires_at');
    const bound = typeof jkt === 'string' ? jkt : undefined;
    approval.token = { jti, kid, jkt: bound, expiresAt, exchangedAt: entry.ts };
    world.tally.tokens++;
  }
  approval.last = { seq: entry.seq, type: entry.type };
  return undefined;
};
