import type { Approval } from '../../../sdk/approval.ts';
import type { Inbox, InboxRow } from './inbox.ts';
import { groupsNow } from './quorum.ts';

/** One line of the list. `id` is the approval's, or that of the group. */
export type InboxLine =
  | { readonly kind: 'call'; readonly id: string; readonly row: InboxRow; readonly inGroup: boolean }
  | {
      readonly kind: 'group';
      readonly id: string;
      /** Those that match the search, decided ones included. */
      readonly rows: readonly InboxRow[];
      readonly first: InboxRow;
      readonly open: boolean;
    };

/** Who is looking, and when. */
export interface Looking {
  readonly groups: readonly string[];
  readonly now: number;
}

/** Moves the selection by `by` lines within the given ids; the first one when there was none. */
export function moveSelection(
  ids: readonly string[],
  selected: string | undefined,
  by: number,
): string | undefined {
  const at = selected === undefined ? -1 : ids.indexOf(selected);
  if (at < 0) return ids[0];
  return ids[Math.min(Math.max(at + by, 0), ids.length - 1)];
}

function isMine(approval: Approval, { groups, now }: Looking): boolean {
  const may = groupsNow(approval, now);
  return may.length === 0 || may.some((group) => groups.includes(group));
}

const askerOf = ({ session, requester }: Approval): string => session?.id ?? requester;

const PLACES: Readonly<Record<string, (approval: Approval) => string>> = {
  tool: ({ action, server, tool, exposed }) => `${action?.resource ?? server}/${tool} ${exposed}`,
  agent: (approval) => {
    const labels = Object.values(approval.session?.labels ?? {}).join(' ');
    return `${approval.subject} ${askerOf(approval)} ${labels}`;
  },
  session: askerOf,
  risk: ({ risk }) => risk,
};

const EVERYWHERE = [
  PLACES.tool,
  PLACES.agent,
  PLACES.risk,
  ({ effect }: Approval) => effect,
  ({ id }: Approval) => id,
];

/** Looks at no more than the word asks for: there may be ten thousand calls to look at for every letter typed. */
function conditionOf(word: string, looking: Looking): (approval: Approval) => boolean {
  if (word === 'is:mine') return (approval) => isMine(approval, looking);
  const cut = word.indexOf(':');
  const place = cut > 0 && Object.hasOwn(PLACES, word.slice(0, cut)) ? PLACES[word.slice(0, cut)] : undefined;
  const wanted = place === undefined ? word : word.slice(cut + 1);
  const looked = place === undefined ? EVERYWHERE : [place];
  return (approval) => looked.some((one) => one?.(approval).toLowerCase().includes(wanted));
}

/**
 * What tells whether an approval has every word of the query; `tool:`, `agent:`, `session:` and `risk:` look in one
 * place only, `is:mine` keeps what the person who looks may decide.
 */
export function matcherOf(query: string, looking: Looking): (approval: Approval) => boolean {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const conditions = words.map((word) => conditionOf(word, looking));
  return (approval) => conditions.every((holds) => holds(approval));
}

/** The lines as they stand below each other, of the calls that match. */
export function linesOf(inbox: Inbox, matches: (approval: Approval) => boolean): InboxLine[] {
  const lines: InboxLine[] = [];
  const rowOf = (id: string): InboxRow[] => {
    const row = inbox.rows.get(id);
    return row !== undefined && matches(row.approval) ? [row] : [];
  };
  for (const item of inbox.items) {
    if (item.kind === 'call') {
      for (const row of rowOf(item.id)) lines.push({ kind: 'call', id: item.id, row, inGroup: false });
      continue;
    }
    const rows = item.ids.flatMap(rowOf);
    const [first] = rows;
    if (first === undefined) continue;
    const { id, shown } = item;
    lines.push({ kind: 'group', id, rows, first, open: shown > 0 });
    for (const one of item.ids.slice(0, shown))
      for (const row of rowOf(one)) lines.push({ kind: 'call', id: one, row, inGroup: true });
  }
  return lines;
}
