import type { Session } from './sessions.ts';

/** A session with those that were narrowed from it, as far as they are known; the older first. */
export interface SessionNode {
  readonly session: Session;
  readonly children: readonly SessionNode[];
}

/** Sessions as the trees that they form, the older first. One whose parent is not among them is a root. */
export function sessionTrees(sessions: readonly Session[]): SessionNode[] {
  const known = new Set(sessions.map((one) => one.id));
  const children = new Map<string | null, Session[]>();
  for (const one of [...sessions].sort(byAge)) {
    const under = one.parent !== null && known.has(one.parent) ? one.parent : null;
    children.set(under, [...(children.get(under) ?? []), one]);
  }
  const below = (parent: string | null): SessionNode[] =>
    (children.get(parent) ?? []).map((session) => ({ session, children: below(session.id) }));
  return below(null);
}

function byAge(a: Session, b: Session): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.depth - b.depth;
}
