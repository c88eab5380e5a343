import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { Capability } from './capability.ts';
import type { CapabilityDeps } from './deps.ts';
import { capabilityByToken } from './store.ts';
import { TOKEN_ALGORITHM, TOKEN_TYPE } from './token.ts';

/** A token of ours that is in force, with the capability that it came from. */
export interface LiveToken {
  readonly claims: JWTPayload;
  readonly capability: Capability;
}

/**
 * The claims of a capability token that this gateway made, that has not run out and was not revoked; undefined for
 * anything else. Whether a downstream has used it already is not known here.
 */
export async function introspectToken(
  deps: Pick<CapabilityDeps, 'database' | 'keys' | 'issuer' | 'now'>,
  token: string,
): Promise<LiveToken | undefined> {
  try {
    const { payload } = await jwtVerify(token, deps.keys.find, {
      algorithms: [TOKEN_ALGORITHM],
      typ: TOKEN_TYPE,
      issuer: deps.issuer,
      requiredClaims: ['jti', 'exp'],
      currentDate: new Date(deps.now()),
    });
    const capability = await capabilityByToken(deps.database, String(payload.jti));
    return capability?.state === 'exchanged' ? { claims: payload, capability } : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
