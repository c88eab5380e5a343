/** Random bytes in an access token: 256 bits. */
export const ACCESS_TOKEN_BYTES = 32;

const FORMAT = /^csa_[A-Za-z0-9_-]{43}$/;

/** The short-lived right of a service account to call the API, as it is kept: only the hash of its token is stored. */
export interface AccessToken {
  readonly id: string;
  readonly workspace: string;
  readonly tokenHash: string;
  readonly serviceAccountId: string;
  /** The key (RFC 7638 thumbprint) that must prove itself with every request; undefined for a bearer token. */
  readonly jkt: string | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** `csa_` + 43 base64url characters over 32 random bytes. */
export function formatAccessToken(secret: Uint8Array): string {
  return `csa_${Buffer.from(secret).toString('base64url')}`;
}

/** True for text that has the form of an access token; says nothing about whether it exists. */
export function isAccessToken(text: string): boolean {
  return FORMAT.test(text);
}
