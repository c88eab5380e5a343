/** The parts of the dashboard, in the order of its menu. `key` follows `g`. */
export const SECTIONS = [
  { name: 'inbox', path: '/', label: 'Inbox', key: 'i' },
  { name: 'overview', path: '/overview', label: 'Overview', key: 'o' },
  { name: 'logs', path: '/logs', label: 'Logs', key: 'l' },
  { name: 'history', path: '/history', label: 'History', key: 'h' },
  { name: 'sessions', path: '/sessions', label: 'Sessions', key: 's' },
  { name: 'jobs', path: '/jobs', label: 'Jobs', key: 'b' },
  { name: 'servers', path: '/servers', label: 'Servers', key: 'v' },
  { name: 'policies', path: '/policies', label: 'Policies', key: 'r' },
  { name: 'people', path: '/people', label: 'People', key: 'p' },
  { name: 'keys', path: '/keys', label: 'Keys', key: 'e' },
  { name: 'webhooks', path: '/webhooks', label: 'Webhooks', key: 'w' },
  { name: 'settings', path: '/settings', label: 'Settings', key: 't' },
] as const;

export type SectionName = (typeof SECTIONS)[number]['name'];

/** The section that an address belongs to, and what of it is meant: `/sessions/ses_1` is `ses_1` of the sessions. */
export function sectionAt(pathname: string): { name: SectionName; id: string | undefined } | undefined {
  const exact = SECTIONS.find(({ path }) => path === pathname);
  if (exact !== undefined) return { name: exact.name, id: undefined };
  const match = /^(\/[a-z-]+)\/([A-Za-z0-9_.:-]{1,100})$/.exec(pathname);
  const parent = SECTIONS.find(({ path }) => path === match?.[1]);
  return parent === undefined ? undefined : { name: parent.name, id: match?.[2] };
}
