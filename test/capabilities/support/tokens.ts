import {
  type CryptoKey,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  type JWTPayload,
  SignJWT,
} from 'jose';
import type { VerifyCapabilityOptions } from '../../../src/capabilities/verify/verify-capability.ts';
import { canonicalize } from '../../../src/core/canonical.ts';
import { sha256Hex } from '../../../src/core/digest.ts';

export const ISSUER = 'https://gate.example';
export const AUDIENCE = 'https://bank.example/mcp';
export const NOW = Date.UTC(2026, 0, 5, 12);
export const IAT = NOW / 1_000;
export const ARGUMENTS = { amount_cents: 4200, to: 'c_1' };
export const CALL = { server: 'bank', tool: 'pay', arguments: ARGUMENTS };

/** A gateway's signing key, and what verifiers know of it. */
export interface Issuer {
  readonly privateKey: CryptoKey;
  readonly kid: string;
  readonly jwks: JSONWebKeySet;
}

export async function newIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { privateKey, kid, jwks: { keys: [{ ...jwk, kid, alg: 'ES256', use: 'sig' }] } };
}

/** The claims of a good token for CALL. */
export const CLAIMS: JWTPayload = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'ann',
  client_id: 'gateway',
  jti: 'tok_1',
  txn: 'apr_1',
  iat: IAT,
  nbf: IAT,
  exp: IAT + 120,
  authorization_details: [
    {
      type: 'mcp_tool_call',
      locations: [AUDIENCE],
      server: 'bank',
      tool: 'pay',
      call_sha256: sha256Hex(canonicalize({ ...CALL })),
    },
  ],
  basis: 'decision',
  approvers: ['person:per_1'],
  ledger: { origin: 'gate.example/default', index: 7 },
};

export interface TokenChange {
  /** Members that are undefined are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Record<string, unknown>;
}

export function tokenOf(issuer: Issuer, { claims = {}, header = {} }: TokenChange = {}): Promise<string> {
  return new SignJWT({ ...CLAIMS, ...(claims as JWTPayload) })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: issuer.kid, ...header })
    .sign(issuer.privateKey);
}

export function optionsFor(issuer: Issuer): VerifyCapabilityOptions {
  return { issuer: ISSUER, jwks: issuer.jwks, audience: AUDIENCE, call: CALL, now: NOW };
}

/** A JWT put together by hand. `signature` is base64url. */
export function handmade(header: object, claims: object, signature: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode(header)}.${encode(claims)}.${signature}`;
}
