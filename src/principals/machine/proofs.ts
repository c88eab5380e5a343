import { sha256Hex } from '../../core/digest.ts';
import { checkDpop } from '../../core/dpop.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { PrincipalDeps } from '../deps.ts';
import { forgetProofs, type SpentProof, spendProofs } from './store.ts';

/** The refusal of a proof of possession; `field` tells the doors which error of RFC 9449 §5 it is. */
export function dpopRefusal(problem: string): CountersignError {
  return new CountersignError('unauthenticated', problem, {
    fields: [{ field: 'DPoP', expected: 'a fresh proof for this request (RFC 9449 §4.2)' }],
  });
}

/** Names a proof for ever: who made it, and its id. */
export function spentProof(
  kind: 'assertion' | 'dpop',
  proof: { by: string; jti: string },
  now: number,
): SpentProof {
  return { id: sha256Hex(`${kind}\n${proof.by}\n${proof.jti}`), forgetAt: now + LIMITS.seenProofMs };
}

/** What a request says of the key behind it. */
export interface SentProof {
  readonly proof: string;
  readonly method: string;
  /** The address as the caller knows it, under the public origin. */
  readonly url: string;
  readonly accessToken?: string | undefined;
}

/** Checks a DPoP proof and gives its key, without spending it. Throws `unauthenticated` with the field `DPoP`. */
export async function checkedProof(
  deps: Pick<PrincipalDeps, 'now'>,
  sent: SentProof,
): Promise<{ readonly jkt: string; readonly spent: SpentProof }> {
  const now = deps.now();
  const found = await checkDpop({ ...sent, now });
  if (!found.ok) throw dpopRefusal(found.reason);
  return { jkt: found.jkt, spent: spentProof('dpop', { by: found.jkt, jti: found.jti }, now) };
}

/** Checks a DPoP proof and spends it: the same one is refused from then on, after a restart too. */
export async function useProof(
  deps: Pick<PrincipalDeps, 'ledger' | 'now'>,
  sent: SentProof,
): Promise<{ readonly jkt: string }> {
  const { jkt, spent } = await checkedProof(deps, sent);
  const applied = await deps.ledger.commit({
    guard: spendProofs([spent]),
    then: [forgetProofs(deps.now())],
    entries: [],
  });
  if (applied.kind === 'refused')
    throw dpopRefusal('DPoP: this proof was used before. Make one for each request.');
  return { jkt };
}
