import { isCountersignApiError } from '../../sdk/api-error.ts';
import type { PushDevice, PushResource } from '../../sdk/push.ts';
import { keepDevice, keptDevice } from './kept-device.ts';
import { bytesOfBase64 } from './model/bytes.ts';
import { deviceInput, isIos, type PushState, pushStateOf, sameBytes } from './model/push-device.ts';
import { workerAddress } from './worker-address.ts';

/** The gateway, and who is signed in there. */
export interface PushDeps {
  readonly push: PushResource;
  readonly person: string;
}

/** How notifications stand here, and this browser's own device at the gateway. */
export interface PushStanding {
  readonly state: PushState;
  readonly own: string | undefined;
  readonly devices: readonly PushDevice[];
}

const isInstalled = (): boolean => matchMedia('(display-mode: standalone)').matches;

function isSupported(): boolean {
  return 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;
}

async function subscriptionHere(): Promise<PushSubscription | null> {
  if (!isSupported()) return null;
  const registration = await navigator.serviceWorker.getRegistration('/');
  return (await registration?.pushManager.getSubscription()) ?? null;
}

function isFor(subscription: PushSubscription, key: string): boolean {
  const { applicationServerKey } = subscription.options;
  return applicationServerKey === null || sameBytes(new Uint8Array(applicationServerKey), bytesOfBase64(key));
}

/** Tells the gateway of a subscription, and remembers under which id it is known there. */
async function tell(
  deps: PushDeps,
  { name, subscription }: { name: string; subscription: PushSubscription },
): Promise<PushDevice> {
  const device = await deps.push.add(deviceInput(name, subscription.toJSON()));
  keepDevice({ id: device.id, person: deps.person, name, endpoint: subscription.endpoint });
  return device;
}

/** Where the worker has subscribed anew under a guessed name, the gateway is told again, and the old device goes. */
async function mend(deps: PushDeps, subscription: PushSubscription): Promise<boolean> {
  const kept = keptDevice();
  if (kept?.person !== deps.person || kept.endpoint === subscription.endpoint) return false;
  const device = await tell(deps, { name: kept.name, subscription });
  if (device.id !== kept.id) await removeAtGateway(deps, kept.id);
  return true;
}

/** Removes a device; one that is gone already is as good. */
async function removeAtGateway({ push }: Pick<PushDeps, 'push'>, id: string): Promise<void> {
  try {
    await push.remove(id);
  } catch (error) {
    if (!isCountersignApiError(error) || error.status !== 404) throw error;
  }
}

/** Undefined where whoever runs the gateway has switched push off. */
async function devicesOf({ push }: PushDeps): Promise<readonly PushDevice[] | undefined> {
  try {
    return await push.devices();
  } catch (error) {
    if (isCountersignApiError(error) && error.code === 'conflict') return undefined;
    throw error;
  }
}

/** How things stand, after what the browser has changed by itself was told to the gateway. Throws what the API throws. */
export async function lookAtPush(deps: PushDeps): Promise<PushStanding> {
  const before = await devicesOf(deps);
  if (before === undefined) return { state: 'switched-off', own: undefined, devices: [] };
  const subscription = await subscriptionHere();
  const key = subscription === null ? undefined : await deps.push.key();
  const isOurs = subscription !== null && key !== undefined && isFor(subscription, key);
  const isMended = isOurs && (await mend(deps, subscription));
  const devices = isMended ? await deps.push.devices() : before;
  const kept = keptDevice();
  const own = devices.find(({ id }) => isOurs && id === kept?.id)?.id;
  const state = pushStateOf({
    secure: isSecureContext,
    supported: isSupported(),
    ios: isIos(navigator),
    installed: isInstalled(),
    answer: 'Notification' in window ? Notification.permission : 'default',
    subscribed: own !== undefined,
  });
  return { state, own, devices };
}

async function subscribe(registration: ServiceWorkerRegistration, key: string): Promise<PushSubscription> {
  const before = await registration.pushManager.getSubscription();
  // A subscription belongs to one key for ever; under another the browser makes none beside it.
  if (before !== null && !isFor(before, key)) await before.unsubscribe();
  try {
    return await registration.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytesOfBase64(key),
    });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The browser did not get an address from its push service (${said}). Some browsers have push switched off in their privacy settings. Try again.`,
      { cause },
    );
  }
}

/**
 * Asks the person for leave, which browsers allow after a press alone, subscribes, and makes this browser a device of
 * theirs. Gives what they answered; throws when it did not succeed, and then nothing is left behind.
 */
export async function turnPushOn(deps: PushDeps, name: string): Promise<NotificationPermission> {
  const answer = await Notification.requestPermission();
  if (answer !== 'granted') return answer;
  await navigator.serviceWorker.register(workerAddress(), { scope: '/', updateViaCache: 'none' });
  const registration = await navigator.serviceWorker.ready;
  try {
    const key = await deps.push.key();
    await tell(deps, { name, subscription: await subscribe(registration, key) });
  } catch (error) {
    await forgetHere();
    throw error;
  }
  return answer;
}

/** This browser shows nothing more, whatever the gateway knows. */
async function forgetHere(): Promise<void> {
  if (isSupported()) {
    const registration = await navigator.serviceWorker.getRegistration('/');
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    await registration?.unregister();
  }
  keepDevice(undefined);
}

/** Turns them off in this browser first, so that it is quiet also when the gateway does not answer, then there. */
export async function turnPushOff(deps: Pick<PushDeps, 'push'>): Promise<void> {
  const kept = keptDevice();
  await forgetHere();
  if (kept !== undefined) await removeAtGateway(deps, kept.id);
}

/** Removes one of the person's devices, and the subscription with it where it is this browser. */
export async function removeDevice(deps: Pick<PushDeps, 'push'>, id: string): Promise<void> {
  if (keptDevice()?.id === id) await turnPushOff(deps);
  else await removeAtGateway(deps, id);
}
