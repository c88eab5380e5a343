import type { Shell } from './shell.ts';

/** The query of the address. Who reads it while drawing is drawn anew when the address changes. */
export function queryOf({ route }: Pick<Shell, 'route'>): string {
  // The route is made anew with each change of the address, also where it stays the same one.
  return route.value === undefined ? '' : location.search;
}
