import type { RandomBytes } from '../../core/ids.ts';
import { openText, sealText } from '../../core/seal.ts';
import type { DeviceKeys } from './device.ts';

const contextOf = (deviceId: string): string => `countersign/push-keys/v1 ${deviceId}`;

/** Keys as they are kept, bound to their device. */
export function sealDeviceKeys(
  deps: { key: Uint8Array; random: RandomBytes },
  deviceId: string,
  { p256dh, auth }: DeviceKeys,
): string {
  const text = JSON.stringify({ p256dh, auth });
  return sealText(deps, { context: contextOf(deviceId), text }).toString('base64');
}

/** The inverse; undefined when they are not of this device, or sealed with another key. */
export function openDeviceKeys(key: Uint8Array, deviceId: string, sealed: string): DeviceKeys | undefined {
  const bytes = Buffer.from(sealed, 'base64');
  const text = openText(key, { context: contextOf(deviceId), sealed: bytes });
  return text === undefined ? undefined : (JSON.parse(text) as DeviceKeys);
}
