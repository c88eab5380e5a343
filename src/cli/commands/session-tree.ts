import type { Session } from '../../sdk/sessions.ts';

/** A session and what stands before its id when its tree is drawn. */
export interface TreeLine {
  readonly branch: string;
  readonly session: Session;
}

/**
 * The lines of a drawn tree, each session under the one that it was narrowed from, the older first. A session whose
 * parent is not in the list stands at the margin.
 */
export function treeLines(sessions: readonly Session[]): TreeLine[] {
  const known = new Set(sessions.map((one) => one.id));
  const children = new Map<string | null, Session[]>();
  for (const one of [...sessions].sort(byAge)) {
    const under = one.parent !== null && known.has(one.parent) ? one.parent : null;
    children.set(under, [...(children.get(under) ?? []), one]);
  }
  const below = (parent: string, indent: string): TreeLine[] => {
    const siblings = children.get(parent) ?? [];
    return siblings.flatMap((session, index) => {
      const isLast = index === siblings.length - 1;
      return [
        { branch: `${indent}${isLast ? '└─ ' : '├─ '}`, session },
        ...below(session.id, `${indent}${isLast ? '   ' : '│  '}`),
      ];
    });
  };
  return (children.get(null) ?? []).flatMap((session) => [{ branch: '', session }, ...below(session.id, '')]);
}

function byAge(a: Session, b: Session): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1;
  return a.depth - b.depth;
}
