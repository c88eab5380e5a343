import { sha256Hex } from '../core/digest.ts';
import { CountersignError } from '../core/errors.ts';
import { ROLES, type Role } from './principal.ts';

/** Random bytes in a key: 256 bits. */
export const API_KEY_BYTES = 32;

const FORMAT = /^cs_[A-Za-z0-9_-]{43}$/;

/** One API key as it is kept: the secret itself is never stored. Times are epoch milliseconds. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  /** The last four characters of the secret, so that its owner can tell keys apart. */
  readonly hint: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

/** `cs_` + 43 base64url characters over 32 random bytes. */
export function formatApiKey(secret: Uint8Array): string {
  return `cs_${Buffer.from(secret).toString('base64url')}`;
}

/** True for text that has the form of a key; says nothing about whether it exists. */
export function isApiKey(token: string): boolean {
  return FORMAT.test(token);
}

/** SHA-256 hex of a 256-bit random secret; with that much entropy no slow hash is needed. */
export function hashSecret(token: string): string {
  return sha256Hex(token);
}

export function hintOf(token: string): string {
  return token.slice(-4);
}

/** Checks the roles that a caller asked for; throws `invalid_request` naming the entry. */
export function parseRoles(roles: readonly string[], field = 'roles'): readonly Role[] {
  const expected = `at least one of ${ROLES.join(', ')}`;
  if (roles.length === 0) {
    throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
      fields: [{ field, expected }],
    });
  }
  return [...new Set(roles)].map((role, index) => {
    const known = ROLES.find((candidate) => candidate === role);
    if (known !== undefined) return known;
    const at = `${field}[${index}]`;
    throw new CountersignError('invalid_request', `${at}: expected ${expected}`, {
      fields: [{ field: at, expected }],
    });
  });
}
