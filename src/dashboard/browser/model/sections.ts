/** The parts of the dashboard, in the order of its menu. `key` follows `g`. */
export const SECTIONS = [
  { name: 'inbox', path: '/', label: 'Inbox', key: 'i' },
  { name: 'history', path: '/history', label: 'History', key: 'h' },
  { name: 'people', path: '/people', label: 'People', key: 'p' },
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
