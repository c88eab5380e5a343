import type { CallOptions, Http } from './http.ts';

/** An entry and what shows that it is on the ledger. Hashes are in base64. */
export interface InclusionProof {
  readonly seq: number;
  /** The canonical text whose hash is the leaf: SHA-256(0x00 ‖ entry). */
  readonly entry: string;
  readonly leaf: string;
  /** The number of entries in the tree. */
  readonly size: number;
  /** The audit path, from the leaf upwards (RFC 6962 §2.1.1). */
  readonly proof: readonly string[];
  /** The signed note over that tree, if one of exactly this size was signed. */
  readonly checkpoint: string | null;
}

/** What shows that one tree extends another (RFC 6962 §2.1.2). Hashes are in base64. */
export interface ConsistencyProof {
  readonly first: number;
  readonly size: number;
  readonly proof: readonly string[];
  readonly checkpoint: string | null;
}

export interface RotatedLogKey {
  /** The verifier key in force from here on, as `name+id+base64`. */
  readonly vkey: string;
  readonly previous: string;
  /** RFC 3339: until then both sign. */
  readonly overlapUntil: string;
}

export interface LedgerResource {
  /** Under the newest checkpoint unless a size is given. */
  proof(
    seq: number,
    input?: { readonly size?: number | undefined },
    options?: CallOptions,
  ): Promise<InclusionProof>;
  /** Up to the newest checkpoint unless a size is given. */
  consistency(
    input: { readonly first: number; readonly size?: number | undefined },
    options?: CallOptions,
  ): Promise<ConsistencyProof>;
  /** Replaces the key that signs checkpoints. The old one signs beside it for 7 days unless told. */
  rotateKey(
    input?: { readonly overlapMs?: number | undefined },
    options?: CallOptions,
  ): Promise<RotatedLogKey>;
}

interface RotatedWire extends Omit<RotatedLogKey, 'overlapUntil'> {
  readonly overlap_until: string;
}

export function createLedgerResource(http: Http): LedgerResource {
  return {
    async proof(seq, { size } = {}, options) {
      const call = { method: 'GET', path: '/v1/logs/proof', query: { seq, size }, options } as const;
      return (await http.json<InclusionProof>(call)).body;
    },
    async consistency({ first, size }, options) {
      const call = { method: 'GET', path: '/v1/logs/consistency', query: { first, size }, options } as const;
      return (await http.json<ConsistencyProof>(call)).body;
    },
    async rotateKey({ overlapMs } = {}, options) {
      const body = overlapMs === undefined ? {} : { overlap_ms: overlapMs };
      const call = { method: 'POST', path: '/v1/ledger/rotate-key', body, options } as const;
      const { vkey, previous, overlap_until: overlapUntil } = (await http.json<RotatedWire>(call)).body;
      return { vkey, previous, overlapUntil };
    },
  };
}
