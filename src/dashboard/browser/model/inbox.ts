import type { Approval } from '../../../sdk/approval.ts';

/** A row that stays where it is, also after its approval was decided elsewhere (`gone`). */
export interface InboxRow {
  readonly approval: Approval;
  readonly gone: boolean;
}

/** What the list shows, what waits to be shown, and the selected approval's id. */
export interface Inbox {
  readonly rows: readonly InboxRow[];
  readonly fresh: readonly Approval[];
  readonly selected: string | undefined;
}

export const EMPTY_INBOX: Inbox = { rows: [], fresh: [], selected: undefined };

const RISKS = ['critical', 'high', 'medium', 'low'];
const rank = (approval: Approval): number =>
  RISKS.indexOf(approval.risk) + (RISKS.includes(approval.risk) ? 0 : 5);

function inOrder(a: Approval, b: Approval): number {
  return rank(a) - rank(b) || a.requestedAt.localeCompare(b.requestedAt) || a.id.localeCompare(b.id);
}

/** Takes a fresh list of what is pending. Rows never move: new ones wait in `fresh`, decided ones stay, marked. */
export function updateInbox(inbox: Inbox, pending: readonly Approval[]): Inbox {
  const byId = new Map(pending.map((approval) => [approval.id, approval]));
  if (inbox.rows.every((row) => row.gone || !byId.has(row.approval.id))) {
    return {
      ...showAll(pending),
      selected: pending.some(({ id }) => id === inbox.selected) ? inbox.selected : undefined,
    };
  }
  const rows = inbox.rows.map((row) => {
    const approval = byId.get(row.approval.id);
    return approval ? { approval, gone: false } : { ...row, gone: true };
  });
  const known = new Set(rows.map((row) => row.approval.id));
  return { ...inbox, rows, fresh: pending.filter((approval) => !known.has(approval.id)) };
}

function showAll(pending: readonly Approval[]): Inbox {
  return {
    rows: [...pending].sort(inOrder).map((approval) => ({ approval, gone: false })),
    fresh: [],
    selected: undefined,
  };
}

/** Shows what waits and drops what is gone: most dangerous first, then oldest first. The selection stays. */
export function revealFresh(inbox: Inbox): Inbox {
  const pending = [...inbox.rows.filter((row) => !row.gone).map((row) => row.approval), ...inbox.fresh];
  const kept = pending.some((approval) => approval.id === inbox.selected);
  return { ...showAll(pending), selected: kept ? inbox.selected : undefined };
}

/** Moves the selection by `by` rows within the given ids; the first row when there was none. */
export function moveSelection(
  ids: readonly string[],
  selected: string | undefined,
  by: number,
): string | undefined {
  const at = selected === undefined ? -1 : ids.indexOf(selected);
  if (at < 0) return ids[0];
  return ids[Math.min(Math.max(at + by, 0), ids.length - 1)];
}

/** True when the approval has every word of the query; `tool:`, `agent:` and `risk:` look in one place only. */
export function matchesQuery(approval: Approval, query: string): boolean {
  const { action, session } = approval;
  const agent = `${approval.subject} ${session?.id ?? approval.requester} ${Object.values(session?.labels ?? {}).join(' ')}`;
  const tool = `${action?.resource ?? approval.server}/${approval.tool} ${approval.exposed}`;
  const places: Readonly<Record<string, string>> = { tool, agent, risk: approval.risk };
  const everywhere = `${tool} ${agent} ${approval.risk} ${approval.effect} ${approval.id}`;
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .every((word) => {
      const cut = word.indexOf(':');
      const place = cut > 0 ? places[word.slice(0, cut)] : undefined;
      return (place ?? everywhere).toLowerCase().includes(place === undefined ? word : word.slice(cut + 1));
    });
}
