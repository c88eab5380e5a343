import type { Approval } from '../../../sdk/approval.ts';

/** A call that stays where it is, also after it was decided elsewhere (`gone`). */
export interface InboxRow {
  readonly approval: Approval;
  readonly gone: boolean;
}

/** One call, or many of one session that differ in their arguments alone. */
export type InboxItem =
  | { readonly kind: 'call'; readonly id: string }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly sort: string;
      readonly ids: readonly string[];
      /** How many of `ids` are shown below it; 0 while it is closed. */
      readonly shown: number;
    };

/** What the list shows, and what waits to be shown. */
export interface Inbox {
  readonly items: readonly InboxItem[];
  readonly rows: ReadonlyMap<string, InboxRow>;
  readonly fresh: ReadonlyMap<string, Approval>;
}

export const EMPTY_INBOX: Inbox = { items: [], rows: new Map(), fresh: new Map() };

/** So many calls that differ in their arguments alone stand in one line. */
const FLOOD = 5;

const RISKS = ['critical', 'high', 'medium', 'low'];
const rank = (approval: Approval): number =>
  RISKS.indexOf(approval.risk) + (RISKS.includes(approval.risk) ? 0 : 5);

function inOrder(a: Approval, b: Approval): number {
  if (a.risk !== b.risk) return rank(a) - rank(b);
  if (a.requestedAt !== b.requestedAt) return a.requestedAt < b.requestedAt ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

/** Equal for calls that may share a line: one requester, one tool, one rule, one risk. */
export function sortOf(approval: Approval): string {
  const { requester, server, action, tool, risk, rule } = approval;
  const held = rule === null ? null : [rule.id, rule.file, rule.line];
  return JSON.stringify([requester, action?.resource ?? server, tool, risk, held]);
}

/** The items with these calls added at the end, in their order; a call joins the group of its sort. */
function withItems(items: readonly InboxItem[], added: readonly Approval[]): InboxItem[] {
  const sorts = added.map(sortOf);
  const count = new Map<string, number>();
  for (const sort of sorts) count.set(sort, (count.get(sort) ?? 0) + 1);
  const next = [...items];
  const groups = new Map(
    next.flatMap((item, at) => (item.kind === 'group' ? [[item.sort, at] as const] : [])),
  );
  const joining = new Map<number, string[]>();
  for (const [index, { id }] of added.entries()) {
    const sort = sorts[index] ?? '';
    const at = groups.get(sort);
    if (at !== undefined) {
      const ids = joining.get(at) ?? [];
      ids.push(id);
      joining.set(at, ids);
    } else if ((count.get(sort) ?? 0) < FLOOD) next.push({ kind: 'call', id });
    else {
      groups.set(sort, next.length);
      joining.set(next.length, [id]);
      next.push({ kind: 'group', id: `group-${id}`, sort, ids: [], shown: 0 });
    }
  }
  for (const [at, ids] of joining) {
    const item = next[at];
    if (item?.kind === 'group') next[at] = { ...item, ids: [...item.ids, ...ids] };
  }
  return next;
}

function laidOut(pending: readonly Approval[], before: Inbox, selected?: string): Inbox {
  const sorted = [...pending].sort(inOrder);
  const open = new Set(
    before.items.flatMap((one) => (one.kind === 'group' && one.shown > 0 ? [one.sort] : [])),
  );
  const items = withItems([], sorted).map((item) =>
    item.kind === 'group' && (open.has(item.sort) || item.ids.includes(selected ?? ''))
      ? { ...item, shown: item.ids.length }
      : item,
  );
  return {
    items,
    rows: new Map(sorted.map((approval) => [approval.id, { approval, gone: false }])),
    fresh: new Map(),
  };
}

/** Adds the next page of a first load; what is known already is left as it is. Nothing that is shown moves. */
export function addPage(inbox: Inbox, page: readonly Approval[]): Inbox {
  const added = page.filter(({ id }) => !inbox.rows.has(id) && !inbox.fresh.has(id)).sort(inOrder);
  const rows = new Map(inbox.rows);
  for (const approval of added) rows.set(approval.id, { approval, gone: false });
  return { ...inbox, rows, items: withItems(inbox.items, added) };
}

/**
 * Takes in how these approvals stand now; one that is not `found` is gone. Rows never move: new ones wait in `fresh`,
 * decided ones stay, marked. When nothing is shown that still waits, all is shown at once.
 */
export function updateInbox(
  inbox: Inbox,
  news: { readonly asked: Iterable<string>; readonly found: readonly Approval[] },
): Inbox {
  const pending = new Map(
    news.found.filter((one) => one.state === 'pending').map((approval) => [approval.id, approval]),
  );
  const rows = new Map(inbox.rows);
  const fresh = new Map(inbox.fresh);
  for (const id of new Set([...news.asked, ...pending.keys()])) {
    const approval = pending.get(id);
    const row = rows.get(id);
    if (row !== undefined) {
      rows.set(id, approval === undefined ? { ...row, gone: true } : { approval, gone: false });
    } else if (approval === undefined) fresh.delete(id);
    else fresh.set(id, approval);
  }
  const next = { ...inbox, rows, fresh };
  for (const row of rows.values()) if (!row.gone) return next;
  return fresh.size === 0 ? next : laidOut([...fresh.values()], next);
}

/** Shows what waits and drops what is gone: most dangerous first, then oldest first. What is selected stays in sight. */
export function revealFresh(inbox: Inbox, selected?: string): Inbox {
  const pending = [...inbox.rows.values()].flatMap((row) => (row.gone ? [] : [row.approval]));
  return laidOut([...pending, ...inbox.fresh.values()], inbox, selected);
}

/** Opens a closed group, with all that is in it by now, or closes it. */
export function toggleGroup(inbox: Inbox, id: string): Inbox {
  const items = inbox.items.map((item) =>
    item.kind === 'group' && item.id === id ? { ...item, shown: item.shown > 0 ? 0 : item.ids.length } : item,
  );
  return { ...inbox, items };
}

/** How many calls are known to wait. */
export function waitingCount(inbox: Inbox): number {
  let count = inbox.fresh.size;
  for (const row of inbox.rows.values()) if (!row.gone) count += 1;
  return count;
}

/** The calls that are known to wait, with the risk of each. */
export function waitingIds(inbox: Inbox): ReadonlyMap<string, string> {
  const waiting = new Map([...inbox.fresh.values()].map(({ id, risk }) => [id, risk]));
  for (const { approval, gone } of inbox.rows.values()) if (!gone) waiting.set(approval.id, approval.risk);
  return waiting;
}
