import { createHash } from 'node:crypto';
import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';

export type MachineAlgorithm = 'ES256' | 'EdDSA';

/** A key pair in software, for service accounts and proofs of possession. */
export interface Machine {
  readonly algorithm: MachineAlgorithm;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly jkt: string;
}

export async function newMachine(algorithm: MachineAlgorithm = 'ES256'): Promise<Machine> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return { algorithm, privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

export interface AssertionChange {
  /** Members that are undefined are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Record<string, unknown>;
}

let counter = 0;
const nextJti = (): string => `jti-${String(++counter).padStart(8, '0')}`;

/** What a service account signs to log in (RFC 7523), with whatever a test changes. `nowMs` is the gateway's time. */
export function assertionOf(
  machine: Machine,
  login: { account: string; audience: string; nowMs: number },
  change: AssertionChange = {},
): Promise<string> {
  const iat = Math.floor(login.nowMs / 1_000);
  const claims = {
    iss: login.account,
    sub: login.account,
    aud: login.audience,
    iat,
    exp: iat + 50,
    jti: nextJti(),
    ...(change.claims as JWTPayload),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: machine.algorithm, typ: 'JWT', ...change.header })
    .sign(machine.privateKey);
}

/** A DPoP proof (RFC 9449 §4.2), with whatever a test changes. */
export function proofOf(
  machine: Machine,
  request: { method: string; url: string; nowMs: number; accessToken?: string },
  change: AssertionChange = {},
): Promise<string> {
  const { accessToken, nowMs } = request;
  const claims = {
    htm: request.method,
    htu: request.url,
    iat: Math.floor(nowMs / 1_000),
    jti: nextJti(),
    ...(accessToken === undefined
      ? {}
      : { ath: createHash('sha256').update(accessToken).digest('base64url') }),
    ...(change.claims as JWTPayload),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: machine.algorithm, typ: 'dpop+jwt', jwk: machine.jwk, ...change.header })
    .sign(machine.privateKey);
}
