/**
 * Who stands behind whoever asks: `person:…`, through every API key and session on the way; null for what the gateway made
 * itself; undefined where the log does not tell.
 */
export type Maker = string | null | undefined;

/** What `approval.requested` says, read. */
export interface Request {
  readonly kind: 'tool' | 'action';
  readonly action: string;
  readonly view: string;
  readonly instance: string;
  readonly toolDef: string;
  readonly policy: string;
  readonly effect: 'hold' | 'allow';
  readonly aud: string;
  readonly risk: string | undefined;
  readonly quorum: number;
  readonly groups: readonly string[];
  readonly approver: 'person' | 'automation';
  readonly excludeRequester: boolean;
  readonly escalations: readonly { readonly afterMs: number; readonly groups: readonly string[] }[];
  readonly authenticator: {
    readonly backupEligible: false | undefined;
    readonly attestation: readonly string[] | undefined;
    readonly aaguids: readonly string[] | undefined;
  };
  readonly ttlSeconds: number;
  readonly dpop: boolean;
  readonly expiresAt: number;
}

export type Basis = 'decision' | 'policy' | 'break_glass';

/** An approval that has not ended, as far as the log tells. Times are epoch milliseconds. */
export interface OpenApproval {
  readonly request: Request;
  readonly requestedSeq: number;
  readonly requestedAt: number;
  /** `session:…`, `api_key:…` or `service_account:…`. */
  readonly requester: string;
  /** Of the requester, when it asked. */
  readonly maker: Maker;
  readonly subject: string;
  state: 'pending' | 'approved' | 'executing' | 'unknown';
  /** The newest entry about it. */
  last: { seq: number; type: string };
  /** By approver; one decision each. */
  readonly decisions: Map<string, { readonly decision: 'approve' | 'deny'; readonly breakGlass: boolean }>;
  /** What the newest deciding statement lets approving release, in seconds. */
  ttlSeconds: number;
  approved: { readonly basis: Basis; readonly seq: number; readonly expiresAt: number } | undefined;
  capability:
    | { readonly id: string; readonly holder: string; readonly dpop: boolean; readonly expiresAt: number }
    | undefined;
  capabilityRevoked: boolean;
  attempt: number;
  /** SHA-256 of the frozen call, hex, once its text was disclosed. */
  callSha256: string | undefined;
  /** What the exchanged token must say, while it can still be disclosed. */
  token: TokenTerms | undefined;
}

/** What `capability.exchanged` says of the token that left the gateway. */
export interface TokenTerms {
  readonly jti: string;
  readonly kid: string;
  readonly jkt: string | undefined;
  readonly expiresAt: number | undefined;
  readonly exchangedAt: number;
}
