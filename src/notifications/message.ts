import { createHmac, sign } from 'node:crypto';
import { privateKeyOf, type SigningKeys } from './signing-keys.ts';

/** What is signed: the id, the time of this attempt in whole seconds, and the exact body. */
export interface Message {
  readonly id: string;
  readonly timestamp: number;
  readonly body: string;
}

function signaturesBy(keys: SigningKeys, content: string): string[] {
  const mac = createHmac('sha256', Buffer.from(keys.secret, 'base64')).update(content).digest('base64');
  const signature = sign(null, Buffer.from(content), privateKeyOf(keys)).toString('base64');
  return [`v1,${mac}`, `v1a,${signature}`];
}

/**
 * The headers of a message (Standard Webhooks 1.0, "Webhook headers"): one HMAC-SHA256 (`v1`) and one Ed25519 (`v1a`)
 * signature over `id.timestamp.body` for each set of keys in force, the newest first.
 */
export function signedHeaders(message: Message, keys: readonly SigningKeys[]): Record<string, string> {
  const { id, timestamp, body } = message;
  const content = `${id}.${timestamp}.${body}`;
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': keys.flatMap((one) => signaturesBy(one, content)).join(' '),
  };
}
