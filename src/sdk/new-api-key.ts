import { webRandomBytes } from '../core/web-random.ts';
import { sha256Hex } from './digest.ts';
import { toBase64Url } from './statement.ts';

const SECRET_BYTES = 32;
const HINT_CHARACTERS = 4;

/**
 * A new API key, with the `hint` and the `hash` that its `key.create` act names. The key is made here; the gateway learns
 * it when it is used.
 */
export async function newApiKey(): Promise<{
  readonly key: string;
  readonly hint: string;
  readonly hash: string;
}> {
  const key = `cs_${toBase64Url(webRandomBytes(SECRET_BYTES))}`;
  return { key, hint: key.slice(-HINT_CHARACTERS), hash: await sha256Hex(key) };
}
