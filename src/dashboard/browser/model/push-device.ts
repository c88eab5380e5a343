import type { PushDeviceInput } from '../../../sdk/push.ts';

/** How notifications stand in one browser. */
export type PushState =
  | 'switched-off'
  | 'insecure'
  | 'install-first'
  | 'unsupported'
  | 'blocked'
  | 'off'
  | 'on';

/** What decides it, where the gateway has push at all. */
export interface PushFacts {
  /** The page came by https, or from this device. */
  readonly secure: boolean;
  /** Service workers, notifications and push are there. */
  readonly supported: boolean;
  /** A browser of a phone or tablet that has push for installed pages alone. */
  readonly ios: boolean;
  readonly installed: boolean;
  /** What the person has answered the browser. */
  readonly answer: 'granted' | 'denied' | 'default';
  /** It is subscribed, for this gateway's key, and the gateway knows it as a device of whoever is signed in. */
  readonly subscribed: boolean;
}

export function pushStateOf(facts: PushFacts): Exclude<PushState, 'switched-off'> {
  const { secure, supported, ios, installed, answer, subscribed } = facts;
  if (!secure) return 'insecure';
  if (!supported) return ios && !installed ? 'install-first' : 'unsupported';
  if (answer === 'denied') return 'blocked';
  return subscribed && answer === 'granted' ? 'on' : 'off';
}

/** Where there is a button to turn them on, or to turn them off, none of this is said. */
export const STATE_WORDS: Readonly<Record<Exclude<PushState, 'off' | 'on'>, string>> = {
  'switched-off':
    'This gateway sends none: whoever runs it has switched Web Push off under channels in the configuration.',
  insecure:
    'A browser takes notifications from pages over https alone. Reach the gateway by an https address; public_origin in its configuration says which.',
  'install-first':
    'On this device they come to the installed page alone. In Safari choose Share, then Add to Home Screen; open Countersign from there, and come back to this place.',
  unsupported:
    'This browser has no push notifications. Use another browser on this device, or one of the channels above.',
  blocked:
    'This browser was told to show no notifications of this site. Allow them in its settings for the site (behind the sign beside the address), then load this page again.',
};

/** iPhone, iPad and iPod; an iPad says that it is a Mac, but no Mac has several touch points. */
export function isIos(device: { userAgent: string; maxTouchPoints: number }): boolean {
  const { userAgent, maxTouchPoints } = device;
  return (
    /\b(?:iPhone|iPad|iPod)\b/.test(userAgent) || (/\bMacintosh\b/.test(userAgent) && maxTouchPoints > 1)
  );
}

/** As `PushSubscription.toJSON()` gives it (Push API §8). */
interface SubscriptionJson {
  readonly endpoint?: string;
  readonly keys?: Readonly<Record<string, string>>;
}

/** What the gateway is told of a subscription. Throws an `Error` when the browser gave none that can be told. */
export function deviceInput(name: string, subscription: SubscriptionJson): PushDeviceInput {
  const { endpoint, keys = {} } = subscription;
  const { p256dh, auth } = keys;
  if (endpoint === undefined || p256dh === undefined || auth === undefined)
    throw new Error(
      'The browser gave a subscription without an address or keys. Turn notifications on again.',
    );
  return { name, endpoint, keys: { p256dh, auth } };
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
