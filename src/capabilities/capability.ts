/** What stands behind a capability: people's decisions, or a rule that allows the action without one. */
export type CapabilityBasis = 'decision' | 'policy';

export type CapabilityState = 'issued' | 'exchanged' | 'revoked' | 'expired';

/** The holder of what the gateway itself replays. */
export const GATEWAY = 'gateway';

/** The single-use right to one approved call. Times are epoch milliseconds. */
export interface Capability {
  readonly id: string;
  readonly workspace: string;
  readonly approvalId: string;
  /** As stored; what has run out is still `issued` here, see `capabilityState`. */
  readonly state: 'issued' | 'exchanged' | 'revoked';
  /** Who may exchange it: the requester of an action, or `gateway` for a tool call. */
  readonly holder: string;
  /** The resource that it is good for: the server of a tool call, the resource of an action. */
  readonly aud: string;
  /** The commitment of the frozen call, as in the approval statement. */
  readonly digest: string;
  /** It is exchanged only with proof of a key (RFC 9449). */
  readonly dpop: boolean;
  readonly basis: CapabilityBasis;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly exchangedAt: number | undefined;
  readonly revokedAt: number | undefined;
  readonly revokeReason: string | undefined;
  /** The token that it was exchanged for, if one left the gateway. */
  readonly jti: string | undefined;
  readonly kid: string | undefined;
  readonly jkt: string | undefined;
  readonly tokenExpiresAt: number | undefined;
}

/** What a capability is at `now`. */
export function capabilityState(capability: Capability, now: number): CapabilityState {
  return capability.state === 'issued' && now >= capability.expiresAt ? 'expired' : capability.state;
}
