import type { Message } from '../channels/message.ts';
import { type Attempt, attemptPost, settled } from '../deliveries/attempt.ts';
import type { Post } from '../ports.ts';
import { openDeviceKeys } from './device-keys.ts';
import type { PushLaneDeps } from './ports.ts';
import { pushMessageOf } from './push-message.ts';
import type { StoredDevice } from './store.ts';

/** Says that a subscription has ended, as 410 does (RFC 8030 §7.3). */
const NOT_FOUND = 404;

/**
 * Encrypts a message for a device (RFC 8291), signs for its push service (RFC 8292), and sends it. Never rejects: whatever
 * goes wrong is the attempt's outcome, `gone` when the subscription has ended.
 */
export async function sendPush(
  deps: Pick<PushLaneDeps, 'key' | 'vapid' | 'contact'> & { readonly post: Post },
  device: StoredDevice,
  message: Message,
): Promise<Attempt> {
  const keys = openDeviceKeys(deps.key, device.id, device.sealedKeys);
  if (keys === undefined)
    return { outcome: 'failed', status: undefined, error: 'its keys cannot be opened; add the device again' };
  const attempt = await settled(async () => {
    const { default: webPush } = await import('web-push');
    const { text, ttlSeconds, urgency, topic } = pushMessageOf(message);
    const { endpoint } = device;
    const { headers, body } = webPush.generateRequestDetails({ endpoint, keys }, text, {
      vapidDetails: { subject: deps.contact, ...deps.vapid },
      contentEncoding: 'aes128gcm',
      TTL: ttlSeconds,
      urgency,
      topic,
    });
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    return attemptPost(deps.post, { url: endpoint, headers: Object.fromEntries(texts), body });
  });
  return attempt.status === NOT_FOUND ? { ...attempt, outcome: 'gone' } : attempt;
}
