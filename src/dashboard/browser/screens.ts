import type { ComponentChild } from 'preact';
import type { Me } from './api.ts';
import type { SectionName } from './model/sections.ts';
import type { Shell } from './shell.ts';

/** What every section is given; `id` is what follows its address. */
export interface ScreenProps {
  readonly shell: Shell;
  readonly me: Me;
  readonly id: string | undefined;
}

export type ScreenView = (props: ScreenProps) => ComponentChild;

/** Each section in a file of its own, which is loaded when it is first opened; the inbox is in the first load. */
export const SCREENS: Readonly<Record<Exclude<SectionName, 'inbox'>, () => Promise<ScreenView>>> = {
  history: () => import('./screens/history.tsx').then(({ History }) => History),
  people: () => import('./screens/people.tsx').then(({ People }) => People),
};
