import type { JSONWebKeySet } from 'jose';
import { CountersignError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue, parseStrict } from '../../core/json.ts';
import type { CallToCarryOut } from './call-digest.ts';
import { type CapabilityRefusalCode, isCapabilityRefusal } from './refusal.ts';
import { type VerifiedCapability, verifyCapability } from './verify-capability.ts';

/** What a capability token is checked against, on this machine. */
export interface CapabilityCheck {
  readonly token: string;
  readonly issuer: string;
  /** The gateway's key set as JSON text; fetched from the issuer when it is left out. */
  readonly jwks?: string | undefined;
  readonly audience: string;
  readonly call: CallToCarryOut;
  readonly requireDecision: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type CapabilityFinding =
  | { readonly ok: true; readonly capability: VerifiedCapability }
  | { readonly ok: false; readonly code: CapabilityRefusalCode; readonly reason: string };

function keySetOf(text: string): JSONWebKeySet {
  const value: JsonValue = parseStrict(text);
  if (isJsonObject(value) && Array.isArray(value.keys)) return value as unknown as JSONWebKeySet;
  throw new CountersignError('invalid_request', 'jwks: expected a key set such as {"keys":[…]}');
}

/** `verifyCapability` as a finding, for those who only look. `jwks` is JSON text. Throws `invalid_request` for it. */
export async function checkCapability(check: CapabilityCheck): Promise<CapabilityFinding> {
  const { token, jwks, ...options } = check;
  try {
    const keys = jwks === undefined ? {} : { jwks: keySetOf(jwks) };
    return { ok: true, capability: await verifyCapability(token, { ...options, ...keys }) };
  } catch (error) {
    if (isCapabilityRefusal(error)) return { ok: false, code: error.code, reason: error.message };
    throw error;
  }
}
