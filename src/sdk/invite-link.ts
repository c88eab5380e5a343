import { webRandomBytes } from '../core/web-random.ts';
import { sha256Hex } from './digest.ts';
import { toBase64Url } from './statement.ts';

const SECRET_BYTES = 32;
const PROOF_PREFIX = 'countersign/invite/v1\n';

/**
 * A new link for one person, and the token that its invite names. The secret stands in the link's fragment alone: it
 * is made here, and the gateway learns it when the link is used. `origin` is where people reach the gateway.
 */
export async function inviteLink(origin: string): Promise<{ readonly url: string; readonly token: string }> {
  const secret = toBase64Url(webRandomBytes(SECRET_BYTES));
  const token = await sha256Hex(await sha256Hex(PROOF_PREFIX + secret));
  return { url: `${origin}/enrol#${secret}`, token };
}
