import type { Clock } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reader } from '../../storage/database.ts';
import type { Ledger } from '../ledger.ts';
import { proveConsistency } from '../prove.ts';
import { latestCheckpoint } from '../store.ts';
import { askWitness, type Post } from './ask.ts';
import { parseWitnessVkey, type WitnessVerifier } from './cosignature.ts';
import { cosigned, failed, inConflict, type WitnessStanding } from './standing.ts';
import { putCosignature } from './store.ts';

export interface AttemptDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly post: Post;
  readonly now: Clock;
  /** Told of what deserves attention and is no conflict. */
  readonly warn: (fields: object, message: string) => void;
}

/** How often a witness is asked again at once because it holds another size than we thought. */
const ROUNDS = 3;

export interface Attempt {
  readonly standing: WitnessStanding;
  /** Ask even when the witness has cosigned all there is: it may hold more than we know. */
  readonly always: boolean;
  readonly closing: AbortSignal;
}

/**
 * Asks a witness to cosign the newest checkpoint, again when it says that it holds another size than we thought, and
 * returns how it stands then. Throws when the witness, the database or the ledger cannot be reached.
 */
export async function attempt(
  deps: AttemptDeps,
  { standing, always, closing }: Attempt,
): Promise<WitnessStanding> {
  const { database, post, now } = deps;
  const { url, vkey } = standing;
  const verifier = parseWitnessVkey(vkey) as WitnessVerifier;
  let old = standing.size;
  for (let round = 0; round < ROUNDS; round++) {
    const checkpoint = await latestCheckpoint(database);
    const ownSize = checkpoint?.size ?? 0;
    if (old > ownSize) {
      return inConflict(standing, { kind: 'rollback', witnessSize: old, ownSize, at: now() });
    }
    const isCurrent = old === ownSize && round === 0;
    if (checkpoint === undefined || (isCurrent && !always)) return standing;
    const { size, note } = checkpoint;
    const proof = await proveConsistency(database, { first: old, size });
    const signal = AbortSignal.any([closing, AbortSignal.timeout(LIMITS.witnessTimeoutMs)]);
    const reply = await askWitness(post, { url, verifier, old, proof, note, signal });
    switch (reply.kind) {
      case 'cosigned': {
        const { line, cosignedAt } = reply.cosignature;
        const then = [putCosignature({ size, witness: vkey, line, cosignedAt })];
        await deps.ledger.commit({ then, entries: [], later: true });
        return cosigned(standing, { size, cosignature: reply.cosignature });
      }
      case 'holds':
        if (reply.size < standing.size) {
          const fields = { witness: url, cosigned: standing.size, holds: reply.size };
          deps.warn(fields, 'a witness has forgotten what it cosigned');
        }
        old = reply.size;
        break;
      case 'inconsistent':
        return inConflict(standing, { kind: 'fork', witnessSize: old, ownSize, at: now() });
      case 'failed':
        return failed(standing, { reason: reply.reason, at: now() });
    }
  }
  const reason = 'each time it is asked it holds another size; does another gateway have the same log?';
  return failed(standing, { reason, at: now() });
}
