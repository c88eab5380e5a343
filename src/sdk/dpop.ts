import { systemClock } from '../core/clock.ts';
import { webRandomBytes } from '../core/web-random.ts';
import { type SigningKey, signJwt } from './jws.ts';
import { toBase64Url } from './statement.ts';

/** A key that a capability's token is bound to. Whoever uses the token must prove that they hold it. */
export interface DpopKey extends SigningKey {
  /** Its public half as a JWK. */
  readonly publicKey: Readonly<Record<string, unknown>>;
}

export interface DpopRequest {
  readonly method: string;
  readonly url: string;
  /** The token that goes with the request, if one does. */
  readonly accessToken?: string;
}

const JTI_BYTES = 16;

/** A new P-256 key in memory; `privateJwk` is what to keep of it, as secret as a token. */
export async function newDpopKey(): Promise<DpopKey & { readonly privateJwk: DpopKey['publicKey'] }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey('jwk', pair.privateKey);
  return {
    algorithm: 'ES256',
    publicKey: { kty, crv, x, y },
    privateJwk: { kty, crv, x, y, d },
    sign: async (bytes) =>
      new Uint8Array(
        await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, Uint8Array.from(bytes)),
      ),
  };
}

/** A proof for one request, for its `DPoP` header (RFC 9449 §4.2). `now` is epoch milliseconds. */
export async function dpopProof(key: DpopKey, request: DpopRequest, now = systemClock()): Promise<string> {
  const { method, url, accessToken } = request;
  const hash = async (text: string) =>
    toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
  return signJwt(key, {
    header: { typ: 'dpop+jwt', jwk: key.publicKey },
    claims: {
      htm: method,
      htu: url,
      iat: Math.floor(now / 1_000),
      jti: toBase64Url(webRandomBytes(JTI_BYTES)),
      ...(accessToken === undefined ? {} : { ath: await hash(accessToken) }),
    },
  });
}
