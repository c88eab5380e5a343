import { createHmac, timingSafeEqual } from 'node:crypto';

const PURPOSE = 'countersign/deny-link/v1';

/** Says that the gateway made the link for this approval (HMAC-SHA256, base64url). It opens a dialog; it decides nothing. */
export function denySignature(key: Uint8Array, approval: string): string {
  return createHmac('sha256', key).update(`${PURPOSE}\n${approval}`).digest('base64url');
}

/** True for the signature of a link of this very approval. */
export function isDenySignature(key: Uint8Array, given: { approval: string; signature: string }): boolean {
  const expected = Buffer.from(denySignature(key, given.approval));
  const found = Buffer.from(given.signature);
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** Where the dialog to deny is open after signing in. */
export function denyLink(
  { origin, linkKey }: { origin: string; linkKey: Uint8Array },
  approval: string,
): string {
  return `${origin}/approvals/${approval}?deny=${denySignature(linkKey, approval)}`;
}
