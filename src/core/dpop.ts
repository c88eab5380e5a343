import { base64url, calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify } from 'jose';
import { LIMITS } from './limits.ts';

/** What a proof of possession must be made for (RFC 9449 §4.3). */
export interface DpopExpectation {
  /** The JWT of the `DPoP` header. */
  readonly proof: string;
  readonly method: string;
  /** The address that was asked; query and fragment do not count. */
  readonly url: string;
  /** The token that the proof accompanies, where there is one: its hash must stand in `ath`. */
  readonly accessToken?: string | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

export type DpopFinding =
  /** `jkt`: the RFC 7638 SHA-256 thumbprint of the key. `jti`: whoever accepts the proof must never accept it again. */
  | { readonly ok: true; readonly jkt: string; readonly jti: string }
  | { readonly ok: false; readonly reason: string };

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'];
const JTI = /^[\x21-\x7e]{8,200}$/;

function refuse(reason: string): DpopFinding {
  return { ok: false, reason: `DPoP: ${reason}` };
}

/** Scheme, host and path as RFC 3986 §6.2 normalises them; undefined for what is no http address. */
function plainUrl(text: unknown): string | undefined {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.origin + url.pathname : undefined;
}

async function sha256Base64Url(text: string): Promise<string> {
  return base64url.encode(
    new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
  );
}

/**
 * Checks a DPoP proof (RFC 9449 §4.3): type, algorithm (ES256 or Ed25519), a public key in the header and the
 * signature by it, method, address, age (60 seconds either way) and, with a token, its hash. That a proof is used once
 * is the caller's duty, by `jkt` and `jti`.
 */
export async function checkDpop(expected: DpopExpectation): Promise<DpopFinding> {
  try {
    const { payload, protectedHeader } = await jwtVerify(expected.proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ALGORITHMS,
      currentDate: new Date(expected.now),
    });
    const jwk = protectedHeader.jwk as JWK;
    if (PRIVATE_MEMBERS.some((member) => member in jwk)) return refuse('the header holds a private key');
    if (protectedHeader.crit !== undefined) return refuse('"crit" is not accepted');
    const { htm, htu, iat, jti, ath } = payload;
    if (htm !== expected.method) return refuse(`htm: expected "${expected.method}"`);
    if (plainUrl(htu) === undefined || plainUrl(htu) !== plainUrl(expected.url))
      return refuse(`htu: expected "${plainUrl(expected.url)}"`);
    if (typeof iat !== 'number' || Math.abs(iat * 1_000 - expected.now) > LIMITS.dpopAgeMs)
      return refuse(`iat: expected a time within ${LIMITS.dpopAgeMs / 1_000} seconds of now`);
    if (typeof jti !== 'string' || !JTI.test(jti))
      return refuse('jti: expected 8 to 200 printable characters');
    if (expected.accessToken !== undefined && ath !== (await sha256Base64Url(expected.accessToken)))
      return refuse('ath: expected the hash of the token that the proof accompanies');
    return { ok: true, jkt: await calculateJwkThumbprint(jwk), jti };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      return refuse(
        `the proof is not valid (${error instanceof errors.JOSEError ? error.code : 'its key cannot be read'})`,
      );
    throw error;
  }
}
