/** Why a capability token was not accepted. A code never changes its meaning. */
export type CapabilityRefusalCode =
  /** Not a JWT, or without a claim that every capability token has. */
  | 'malformed'
  /** Another algorithm or token type, or a header that would change what is verified (`crit`, `jku`, `jwk`, `x5u`, `x5c`). */
  | 'header'
  /** No published key has this `kid`. */
  | 'key_unknown'
  /** The gateway's keys could not be fetched. */
  | 'keys_unavailable'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid'
  /** It would last longer than any capability token does. */
  | 'lifetime'
  /** It is for another tool or action, or for other arguments. */
  | 'call'
  /** Nobody decided it: a rule allowed it without a decision. */
  | 'decision'
  /** It was used before. */
  | 'used'
  /** It is bound to a key, and no proof by that key accompanies it. */
  | 'proof';

/** What `verifyCapability` throws for a token that must not be acted on. `message` may be shown; it holds no secret. */
export interface CapabilityRefusal extends Error {
  readonly name: 'CapabilityRefusal';
  readonly code: CapabilityRefusalCode;
}

export function refusal(code: CapabilityRefusalCode, message: string, cause?: unknown): CapabilityRefusal {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { name: 'CapabilityRefusal' as const, code });
}

/** True for what `verifyCapability` throws; it works across copies of the package. */
export function isCapabilityRefusal(error: unknown): error is CapabilityRefusal {
  return error instanceof Error && error.name === 'CapabilityRefusal' && 'code' in error;
}
