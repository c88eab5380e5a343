import { type SessionNode, sessionTrees } from '../../sdk/session-tree.ts';
import type { Session } from '../../sdk/sessions.ts';

/** A session and what stands before its id when its tree is drawn. */
export interface TreeLine {
  readonly branch: string;
  readonly session: Session;
}

function below(nodes: readonly SessionNode[], indent: string): TreeLine[] {
  return nodes.flatMap(({ session, children }, index) => {
    const isLast = index === nodes.length - 1;
    return [
      { branch: `${indent}${isLast ? '└─ ' : '├─ '}`, session },
      ...below(children, `${indent}${isLast ? '   ' : '│  '}`),
    ];
  });
}

/**
 * The lines of a drawn tree, each session under the one that it was narrowed from, the older first. A session whose
 * parent is not in the list stands at the margin.
 */
export function treeLines(sessions: readonly Session[]): TreeLine[] {
  return sessionTrees(sessions).flatMap(({ session, children }) => [
    { branch: '', session },
    ...below(children, ''),
  ]);
}
