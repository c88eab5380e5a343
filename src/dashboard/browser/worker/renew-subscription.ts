import { createHttp } from '../../../sdk/http.ts';
import { createPush } from '../../../sdk/push.ts';
import { bytesOfBase64 } from '../model/bytes.ts';
import { guessDeviceName } from '../model/device-name.ts';
import { deviceInput } from '../model/push-device.ts';

/**
 * Tells the gateway of the subscription that stands for the one that the browser has ended, with the cookie of whoever is
 * signed in here. Throws when nobody is, or when there can be none.
 */
export async function renewSubscription(
  registration: ServiceWorkerRegistration,
  given: PushSubscription | null,
): Promise<void> {
  const push = createPush(
    createHttp({
      baseUrl: location.origin,
      fetch: (url, init) => fetch(url, init),
      timeoutMs: 30_000,
      maxRetries: 2,
      pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    }),
  );
  const subscription =
    given ??
    (await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytesOfBase64(await push.key()),
    }));
  await push.add(deviceInput(guessDeviceName(navigator.userAgent), subscription.toJSON()));
}
