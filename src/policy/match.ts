import { matchGlob, matchTool } from '../core/glob.ts';
import type { PolicyInput } from './verdict.ts';

export type Kind = PolicyInput['kind'];

/** What a rule applies to before its condition is asked. */
export interface Match {
  readonly tools: readonly string[];
  readonly kinds: readonly Kind[];
  readonly servers: readonly string[] | undefined;
  readonly subjects: readonly string[] | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

export interface PolicyTarget {
  readonly kind: Kind;
  readonly server: string;
  readonly tool: string;
}

function matchesName(pattern: string, target: PolicyTarget): boolean {
  if (target.kind === 'tool') return matchTool(pattern, target.server, target.tool);
  if (target.kind === 'action' || pattern === '*') return matchGlob(pattern, target.tool);
  const cut = pattern.indexOf('/');
  if (cut < 0) return matchGlob(pattern, target.tool);
  return matchGlob(pattern.slice(0, cut), target.server) && matchGlob(pattern.slice(cut + 1), target.tool);
}

/** Why a rule cannot apply to a target, whatever the session and arguments; undefined when it can. Exact, case-sensitive. */
export function targetMismatch(match: Match, target: PolicyTarget): string | undefined {
  if (!match.kinds.includes(target.kind)) return `match.kinds does not hold ${target.kind}`;
  if (match.servers !== undefined && !match.servers.some((pattern) => matchGlob(pattern, target.server))) {
    return `match.servers does not hold ${target.server}`;
  }
  if (!match.tools.some((pattern) => matchesName(pattern, target))) {
    return `no pattern of match.tools matches ${target.kind === 'action' ? '' : `${target.server}/`}${target.tool}`;
  }
  return undefined;
}

/** Why a rule does not apply to a session; undefined when it does. */
export function sessionMismatch(match: Match, session: PolicyInput['session']): string | undefined {
  if (
    match.subjects !== undefined &&
    !match.subjects.some((pattern) => matchGlob(pattern, session.subject))
  ) {
    return 'no pattern of match.subjects matches the subject of the session';
  }
  for (const [label, pattern] of Object.entries(match.labels ?? {})) {
    const value = Object.hasOwn(session.labels, label) ? session.labels[label] : undefined;
    if (value === undefined) return `the session has no label "${label}"`;
    if (!matchGlob(pattern, value)) return `the session's label "${label}" does not match ${pattern}`;
  }
  return undefined;
}
