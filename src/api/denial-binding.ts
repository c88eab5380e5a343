import { errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import type { NewId } from '../core/ids.ts';
import { LIMITS } from '../core/limits.ts';
import { bindingHash, type Evaluation, relevantMembers } from './authzen.ts';

/** What binds a request for access to the denial before it, without keeping anything. */
export interface BindingDeps {
  /** At least 32 bytes, for this purpose alone. */
  readonly key: Uint8Array;
  /** The public origin, issuer and audience in one. */
  readonly origin: string;
  readonly now: Clock;
  readonly newId: NewId;
}

export interface DenialBinding {
  readonly token: string;
  readonly evaluationId: string;
  /** Epoch milliseconds, whole seconds. */
  readonly evaluatedAt: number;
  readonly expiresAt: number;
}

const TYPE = 'countersign-denial+jwt';

/**
 * The binding token of a denied evaluation: a JWS (HS256) that only this gateway makes and reads, for this caller alone,
 * good for `LIMITS.accessRequestTtlMs`.
 */
export async function bindDenial(
  deps: BindingDeps,
  denied: { evaluation: Evaluation; caller: string; evaluationId: string },
): Promise<DenialBinding> {
  const iat = Math.floor(deps.now() / 1_000);
  const exp = iat + LIMITS.accessRequestTtlMs / 1_000;
  const members = relevantMembers(denied.evaluation.context);
  const token = await new SignJWT({
    iss: deps.origin,
    aud: deps.origin,
    sub: denied.caller,
    iat,
    exp,
    jti: deps.newId('req'),
    denial_expires_at: new Date(exp * 1_000).toISOString(),
    binding_context_members: members,
    binding_hash: bindingHash(denied.evaluation, members),
    evaluation_id: denied.evaluationId,
  })
    .setProtectedHeader({ alg: 'HS256', typ: TYPE })
    .sign(deps.key);
  return { token, evaluationId: denied.evaluationId, evaluatedAt: iat * 1_000, expiresAt: exp * 1_000 };
}

/** What a caller sends back of a denial. */
export interface SubmittedDenial {
  readonly binding_token?: string | undefined;
  readonly evaluation_id?: string | undefined;
  readonly expires_at: string;
}

function unbound(field: string, expected: string): CountersignError {
  return new CountersignError('invalid_request', `denial.${field}: expected ${expected}`, {
    fields: [{ field: `denial.${field}`, expected }],
  });
}

/** Proof that a request belongs to a denial of ours. */
export interface ProvenDenial {
  readonly id: string;
  readonly evaluationId: string;
  /** The members of the context that were judged; whatever else a request holds was added to it. */
  readonly members: readonly string[];
}

/**
 * Checks that a request repeats the subject, resource, action and relevant context of a denial that this gateway gave
 * this caller. Throws `expired` when it comes too late, and `invalid_request` for a field of `denial` otherwise.
 */
export async function proveDenial(
  deps: BindingDeps,
  submitted: { denial: SubmittedDenial; evaluation: Evaluation; caller: string },
): Promise<ProvenDenial> {
  const { denial } = submitted;
  const again = 'the value from context.access_request of the denied evaluation, unchanged';
  if (denial.binding_token === undefined) throw unbound('binding_token', again);
  const claims = await jwtVerify(denial.binding_token, deps.key, {
    algorithms: ['HS256'],
    typ: TYPE,
    issuer: deps.origin,
    audience: deps.origin,
    subject: submitted.caller,
    currentDate: new Date(deps.now()),
    requiredClaims: ['exp', 'jti'],
  })
    .then(({ payload }) => payload)
    .catch((cause: unknown) => {
      if (!(cause instanceof errors.JWTExpired)) throw unbound('binding_token', again);
      const detail = 'The denial is too old to be the ground of a request. Evaluate the access anew.';
      throw new CountersignError('expired', detail, { cause });
    });
  const { binding_context_members: members, binding_hash: hash, evaluation_id: evaluationId } = claims;
  if (claims.denial_expires_at !== denial.expires_at) throw unbound('expires_at', again);
  if (denial.evaluation_id !== undefined && denial.evaluation_id !== evaluationId)
    throw unbound(
      'evaluation_id',
      'the value from context.evaluation_id of the denied evaluation, unchanged',
    );
  const bound = Array.isArray(members) ? members.map(String) : [];
  if (hash !== bindingHash(submitted.evaluation, bound))
    throw unbound(
      'binding_token',
      'the token of an evaluation of this subject, resource, action and context',
    );
  return { id: String(claims.jti), evaluationId: String(evaluationId), members: bound };
}
