import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Zone } from '../model/preferences.ts';
import { exactTime } from '../model/time.ts';

/** In which zone the person reads exact times. */
export const ReadingZone = createContext<Zone>('utc');

/** How exact times are written here. */
export function useExactTime(): (rfc3339: string) => string {
  const zone = useContext(ReadingZone);
  return (rfc3339) => exactTime(rfc3339, zone);
}

/** A time to the second, in the zone that the person has chosen. */
export function Exact({ at }: { at: string }) {
  return <time dateTime={at}>{useExactTime()(at)}</time>;
}
