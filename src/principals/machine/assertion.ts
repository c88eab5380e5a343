import { decodeJwt, errors, importJWK, type JWK, jwtVerify } from 'jose';
import { LIMITS } from '../../core/limits.ts';
import type { ServiceAccount } from '../service-account.ts';

export type AssertionFinding =
  | { readonly ok: true; readonly jti: string }
  | { readonly ok: false; readonly reason: string };

const TYPES = ['jwt', 'client-authentication+jwt'];
const JTI = /^[\x21-\x7e]{8,200}$/;
const ACCOUNT_ID = /^svc_[0-9A-Za-z]{1,64}$/;

function refuse(reason: string): AssertionFinding {
  return { ok: false, reason };
}

/** Whom an assertion claims to come from, unproven; undefined when it cannot be read or names no account. */
export function claimedAccount(assertion: string): string | undefined {
  try {
    const { sub, iss }: Readonly<Record<string, unknown>> = decodeJwt(assertion);
    return typeof sub === 'string' && sub === iss && ACCOUNT_ID.test(sub) ? sub : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}

/**
 * Checks the assertion by which a service account authenticates (RFC 7523 §3): signed with its registered key (ES256 or
 * Ed25519), `iss` and `sub` its id, `aud` this gateway alone, ending at most 60 seconds ahead, with a `jti`, whose single
 * use is the caller's duty. `audiences` are the issuer and the token endpoint.
 */
export async function checkAssertion(
  account: Pick<ServiceAccount, 'id' | 'publicKey'>,
  input: { assertion: string; audiences: readonly string[]; now: number },
): Promise<AssertionFinding> {
  const jwk = JSON.parse(account.publicKey) as JWK;
  const algorithms = jwk.kty === 'EC' ? ['ES256'] : ['EdDSA', 'Ed25519'];
  try {
    const key = await importJWK(jwk, algorithms[0] as string);
    const { payload, protectedHeader } = await jwtVerify(input.assertion, key, {
      algorithms,
      issuer: account.id,
      subject: account.id,
      audience: [...input.audiences],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: LIMITS.clockSkewMs / 1_000,
      currentDate: new Date(input.now),
    });
    const { aud, exp = 0, jti } = payload;
    if (Array.isArray(aud) && aud.length !== 1) return refuse('aud: expected this gateway alone');
    if (protectedHeader.typ !== undefined && !TYPES.includes(protectedHeader.typ.toLowerCase()))
      return refuse('typ: expected "JWT" or "client-authentication+jwt"');
    if (exp * 1_000 > input.now + LIMITS.clientAssertionAgeMs + LIMITS.clockSkewMs)
      return refuse(`exp: expected at most ${LIMITS.clientAssertionAgeMs / 1_000} seconds ahead`);
    if (typeof jti !== 'string' || !JTI.test(jti))
      return refuse('jti: expected 8 to 200 printable characters');
    return { ok: true, jti };
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    return refuse(error instanceof errors.JWTClaimValidationFailed ? error.message : error.code);
  }
}
