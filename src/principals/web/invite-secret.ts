import { sha256Hex } from '../../core/digest.ts';

const PROOF_PREFIX = 'countersign/invite/v1\n';

/** What only the holder of a link can give, and what enrolling publishes: SHA-256 hex under its own prefix. */
export function inviteProof(secret: string): string {
  return sha256Hex(PROOF_PREFIX + secret);
}

/** What an invite is known by before it is used: SHA-256 hex of the proof's text. Neither tells the secret. */
export function inviteToken(secret: string): string {
  return sha256Hex(inviteProof(secret));
}
