import type { Cosignature } from './cosignature.ts';

/** A witness holds what our ledger does not have: somebody set the ledger back, or it was rewritten. */
export interface Conflict {
  /** `rollback`: it has cosigned more entries than there are. `fork`: what it has cosigned is not the beginning of ours. */
  readonly kind: 'rollback' | 'fork';
  /** The size that it has cosigned. */
  readonly witnessSize: number;
  /** The size of our checkpoint that showed it. */
  readonly ownSize: number;
  /** Milliseconds. */
  readonly at: number;
}

/** How it stands with one witness. Times are in milliseconds. */
export interface WitnessStanding {
  readonly url: string;
  readonly vkey: string;
  readonly name: string;
  /** The largest checkpoint of ours that it has cosigned, as far as we have its signature; 0 for none. */
  readonly size: number;
  /** When it signed that, by its clock. */
  readonly cosignedAt: number | undefined;
  /** Why the newest attempt did not succeed. */
  readonly error: { readonly reason: string; readonly at: number } | undefined;
  readonly conflict: Conflict | undefined;
  /** Failed attempts since the last success. */
  readonly failures: number;
}

export function cosigned(
  standing: WitnessStanding,
  { size, cosignature }: { size: number; cosignature: Pick<Cosignature, 'cosignedAt'> },
): WitnessStanding {
  const { cosignedAt } = cosignature;
  return { ...standing, size, cosignedAt, error: undefined, conflict: undefined, failures: 0 };
}

export function failed(
  standing: WitnessStanding,
  { reason, at }: { reason: string; at: number },
): WitnessStanding {
  return { ...standing, error: { reason, at }, failures: standing.failures + 1 };
}

/** A conflict stays as it was first found, until the witness cosigns again or another conflict shows. */
export function inConflict(standing: WitnessStanding, found: Conflict): WitnessStanding {
  const known = standing.conflict;
  const same = known?.kind === found.kind && known.witnessSize === found.witnessSize;
  const { kind, witnessSize, ownSize, at } = found;
  const reason =
    kind === 'rollback'
      ? `it has cosigned ${witnessSize} entries, and this ledger has ${ownSize}: the ledger was set back`
      : `what it has cosigned (${witnessSize} entries) is not the beginning of this ledger: the ledger was rewritten`;
  return { ...failed(standing, { reason, at }), conflict: same ? known : found };
}
