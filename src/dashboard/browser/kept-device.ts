import { type KeptDevice, readKeptDevice } from './model/kept-device.ts';

const KEPT_AS = 'push-device';

/** What this browser remembers of itself as somebody's device; undefined when it is none. */
export function keptDevice(): KeptDevice | undefined {
  try {
    return readKeptDevice(localStorage.getItem(KEPT_AS));
  } catch {
    // Reading throws where the person has switched off what sites may keep.
    return undefined;
  }
}

/** Keeps it, or forgets it. Throws where the browser keeps nothing for sites. */
export function keepDevice(device: KeptDevice | undefined): void {
  if (device === undefined) localStorage.removeItem(KEPT_AS);
  else localStorage.setItem(KEPT_AS, JSON.stringify(device));
}
