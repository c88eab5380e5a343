import type { SectionName } from './model/sections.ts';
import type { ScreenView } from './shell.ts';

/** Each section in a file of its own, which is loaded when it is first opened; the inbox is in the first load. */
export const SCREENS: Readonly<Record<Exclude<SectionName, 'inbox'>, () => Promise<ScreenView>>> = {
  overview: () => import('./screens/overview.tsx').then(({ Overview }) => Overview),
  logs: () => import('./screens/logs.tsx').then(({ Logs }) => Logs),
  history: () => import('./screens/history.tsx').then(({ History }) => History),
  sessions: () => import('./screens/sessions.tsx').then(({ Sessions }) => Sessions),
  jobs: () => import('./screens/jobs.tsx').then(({ Jobs }) => Jobs),
  servers: () => import('./screens/servers.tsx').then(({ Servers }) => Servers),
  policies: () => import('./screens/policies.tsx').then(({ Policies }) => Policies),
  people: () => import('./screens/people.tsx').then(({ People }) => People),
  keys: () => import('./screens/keys.tsx').then(({ Keys }) => Keys),
  webhooks: () => import('./screens/webhooks.tsx').then(({ Webhooks }) => Webhooks),
  settings: () => import('./screens/settings.tsx').then(({ Settings }) => Settings),
};

/** One call, in a file of its own too. */
export const APPROVAL = (): Promise<ScreenView> =>
  import('./screens/approval.tsx').then(({ ApprovalScreen }) => ApprovalScreen);
