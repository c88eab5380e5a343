import { buildWhenStale } from '../../build.ts';

/** Builds before the first test what some of them run: the page of the dashboard, and the bundled program. */
export const setup: () => Promise<void> = buildWhenStale;
