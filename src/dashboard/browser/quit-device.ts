import type { PushResource } from '../../sdk/push.ts';
import { keptDevice } from './kept-device.ts';

/** Ends the notifications of this browser where they are of anybody but `person`. It never rejects. */
export async function quitDevice(push: PushResource, person?: string): Promise<void> {
  const kept = keptDevice();
  if (kept === undefined || kept.person === person) return;
  try {
    const { turnPushOff } = await import('./push-device.ts');
    await turnPushOff({ push });
  } catch {
    // Nobody is kept from signing in or out by it. What is not told to the gateway now, the push service tells it later.
    return;
  }
}
