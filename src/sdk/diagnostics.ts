import type { CallOptions, Http } from './http.ts';

/** How a gateway stands, seen from inside. Times are RFC 3339. */
export interface Diagnostics {
  readonly version: string;
  readonly now: string;
  /** The address that people open; passkeys are bound to its host. */
  readonly publicOrigin: string;
  /** `vkey`: verifies the log's checkpoints, as `name+id+base64`. */
  readonly ledger: { readonly size: number; readonly newestAt: string | null; readonly vkey: string };
  /** How long each server took to tell its tools; null when it is not connected, or took longer than was waited. */
  readonly servers: readonly { readonly name: string; readonly listedInMs: number | null }[];
  /** For each rule that holds calls: how many must approve, and how many there are who could. */
  readonly decisions: readonly {
    readonly rule: string;
    /** `file:line`; null for what no rule matches. */
    readonly place: string | null;
    readonly quorum: number;
    readonly able: number;
    /** Whoever asks for a call cannot be among them. */
    readonly excludeRequester: boolean;
  }[];
}

interface DiagnosticsWire extends Pick<Diagnostics, 'version' | 'now'> {
  readonly public_origin: string;
  readonly ledger: { readonly size: number; readonly newest_at: string | null; readonly vkey: string };
  readonly servers: readonly { readonly name: string; readonly listed_in_ms: number | null }[];
  readonly decisions: readonly (Omit<Diagnostics['decisions'][number], 'excludeRequester'> & {
    readonly exclude_requester: boolean;
  })[];
}

/** Asks a gateway to look at itself. */
export type Diagnose = (options?: CallOptions) => Promise<Diagnostics>;

export function createDiagnose(http: Http): Diagnose {
  return async (options) => {
    const call = { method: 'GET', path: '/v1/diagnostics', options } as const;
    const {
      version,
      now,
      public_origin: publicOrigin,
      ledger,
      servers,
      decisions,
    } = (await http.json<DiagnosticsWire>(call)).body;
    return {
      version,
      now,
      publicOrigin,
      ledger: { size: ledger.size, newestAt: ledger.newest_at, vkey: ledger.vkey },
      servers: servers.map(({ name, listed_in_ms: listedInMs }) => ({ name, listedInMs })),
      decisions: decisions.map(({ exclude_requester: excludeRequester, ...rest }) => ({
        ...rest,
        excludeRequester,
      })),
    };
  };
}
