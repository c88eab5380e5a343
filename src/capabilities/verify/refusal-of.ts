import { errors } from 'jose';
import { type CapabilityRefusalCode, refusal } from './refusal.ts';

const BY_JOSE: Readonly<Record<string, CapabilityRefusalCode>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'key_unknown',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'key_unknown',
  ERR_JOSE_ALG_NOT_ALLOWED: 'header',
  ERR_JWKS_TIMEOUT: 'keys_unavailable',
  ERR_JWKS_INVALID: 'keys_unavailable',
  ERR_JOSE_GENERIC: 'keys_unavailable',
  ERR_JWT_EXPIRED: 'expired',
};

const BY_CLAIM: Readonly<Record<string, CapabilityRefusalCode>> = {
  iss: 'issuer',
  aud: 'audience',
  typ: 'header',
  nbf: 'not_yet_valid',
  iat: 'not_yet_valid',
};

/** What a fault of the checks means; anything that is no fault of a token or its keys is given back as it is. */
export function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTClaimValidationFailed && !(error instanceof errors.JWTExpired)) {
    const code = error.reason === 'missing' ? 'malformed' : (BY_CLAIM[error.claim] ?? 'malformed');
    return refusal(code, `The capability token is not acceptable: ${error.message}.`, error);
  }
  if (error instanceof errors.JOSEError) {
    const code = BY_JOSE[error.code] ?? 'malformed';
    return refusal(code, `The capability token is not acceptable: ${error.message}.`, error);
  }
  // fetch reports every network fault as a TypeError.
  if (error instanceof TypeError)
    return refusal('keys_unavailable', 'The keys of the gateway could not be fetched.', error);
  return error;
}
