import type { CallOptions, Http } from './http.ts';

/** Who cosigns this gateway's ledger, and how far. */
export interface Witness {
  readonly name: string;
  readonly url: string;
  /** The key that its cosignatures are verified with, as `name+id+base64`. */
  readonly vkey: string;
  /** The number of entries in the largest checkpoint that it has cosigned; 0 for none. */
  readonly size: number;
  /** RFC 3339, by the witness's clock. */
  readonly cosignedAt: string | null;
  /** Why the newest attempt did not succeed. */
  readonly error: { readonly reason: string; readonly at: string } | null;
  /** It has seen another ledger than this one: it was set back (`rollback`) or rewritten (`fork`). */
  readonly conflict: {
    readonly kind: 'rollback' | 'fork';
    readonly witnessSize: number;
    readonly ownSize: number;
    readonly at: string;
  } | null;
}

export interface WitnessesResource {
  list(options?: CallOptions): Promise<readonly Witness[]>;
}

interface WitnessWire extends Pick<Witness, 'name' | 'url' | 'vkey' | 'size' | 'error'> {
  readonly cosigned_at: string | null;
  readonly conflict: {
    readonly kind: 'rollback' | 'fork';
    readonly witness_size: number;
    readonly own_size: number;
    readonly at: string;
  } | null;
}

function conflictFrom(wire: NonNullable<WitnessWire['conflict']>): Witness['conflict'] {
  const { kind, witness_size: witnessSize, own_size: ownSize, at } = wire;
  return { kind, witnessSize, ownSize, at };
}

function witnessFrom({ cosigned_at: cosignedAt, conflict, ...rest }: WitnessWire): Witness {
  return { ...rest, cosignedAt, conflict: conflict && conflictFrom(conflict) };
}

export function createWitnesses(http: Http): WitnessesResource {
  return {
    async list(options) {
      const call = { method: 'GET', path: '/v1/ledger/witnesses', options } as const;
      const { body } = await http.json<{ data: readonly WitnessWire[] }>(call);
      return body.data.map(witnessFrom);
    },
  };
}
