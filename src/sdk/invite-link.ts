import { webRandomBytes } from '../core/web-random.ts';
import { toBase64Url } from './statement.ts';

const SECRET_BYTES = 32;
const PROOF_PREFIX = 'countersign/invite/v1\n';

async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A new link for one person, and the token that its invite names. The secret stands in the link's fragment alone: it
 * is made here, and the gateway learns it when the link is used. `origin` is where people reach the gateway.
 */
export async function inviteLink(origin: string): Promise<{ readonly url: string; readonly token: string }> {
  const secret = toBase64Url(webRandomBytes(SECRET_BYTES));
  const token = await sha256Hex(await sha256Hex(PROOF_PREFIX + secret));
  return { url: `${origin}/enrol#${secret}`, token };
}
