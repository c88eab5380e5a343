import { CountersignError } from './errors.ts';
import { matchGlob, matchTool, type Target } from './glob.ts';
import { LIMITS } from './limits.ts';

/**
 * What a session may reach: a list of patterns, at least one of which must match and no `!` pattern may.
 * `server/tool`, `tool`, `resource:server/uri`, `prompt:server/name`, and `*` for everything.
 */
export type Scope = readonly string[];

export const EVERYTHING: Scope = ['*'];

const PREFIXES = { resource: 'resource:', prompt: 'prompt:' } as const;

function matchesPattern(pattern: string, target: Target): boolean {
  if (pattern === '*') return true;
  if (target.kind === 'tool') {
    const isOther = pattern.startsWith(PREFIXES.resource) || pattern.startsWith(PREFIXES.prompt);
    return !isOther && matchTool(pattern, target.server, target.name);
  }
  const prefix = PREFIXES[target.kind];
  if (!pattern.startsWith(prefix)) return false;
  const rest = pattern.slice(prefix.length);
  const cut = rest.indexOf('/');
  if (cut < 0) return matchGlob(rest, target.server);
  return matchGlob(rest.slice(0, cut), target.server) && matchGlob(rest.slice(cut + 1), target.name);
}

/** True when the scope covers the target. An empty scope covers nothing. */
export function scopeCovers(scope: Scope, target: Target): boolean {
  let covered = false;
  for (const pattern of scope) {
    if (pattern.startsWith('!')) {
      if (matchesPattern(pattern.slice(1), target)) return false;
    } else if (!covered) {
      covered = matchesPattern(pattern, target);
    }
  }
  return covered;
}

/** A pattern as the one target that it would be if `*` were a character like any other; undefined for `*` alone. */
function targetOf(pattern: string): Target | undefined {
  if (pattern === '*') return undefined;
  const kind = (['resource', 'prompt'] as const).find((one) => pattern.startsWith(PREFIXES[one])) ?? 'tool';
  const rest = kind === 'tool' ? pattern : pattern.slice(PREFIXES[kind].length);
  const slash = rest.indexOf('/');
  const cut = slash >= 0 || kind !== 'tool' ? slash : rest.indexOf('.');
  if (cut >= 0) return { kind, server: rest.slice(0, cut), name: rest.slice(cut + 1) };
  return kind === 'tool' ? { kind, server: '*', name: rest } : { kind, server: rest, name: '*' };
}

/**
 * True when the scope covers whatever the pattern covers. Says false where that takes two patterns together, and
 * leaves the scope’s `!` patterns aside. Only a `*` can match a `*`, so that what is true of the pattern's text is
 * true of every text that the pattern stands for.
 */
export function scopeContains(scope: Scope, pattern: string): boolean {
  const target = targetOf(pattern);
  return scope.some((one) => one === '*' || (target !== undefined && matchesPattern(one, target)));
}

/** Checks the grammar of a scope that a caller sent; throws `invalid_request` naming the entry. */
export function parseScope(patterns: readonly string[], field = 'tools'): Scope {
  if (patterns.length === 0 || patterns.length > LIMITS.scopeEntries) {
    const expected = `between 1 and ${LIMITS.scopeEntries} patterns such as "sandbox/payments_*" or "*"`;
    throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
      fields: [{ field, expected }],
    });
  }
  for (const [index, pattern] of patterns.entries()) {
    if (!/^!?[\x22-\x7e][\x21-\x7e]{0,199}$/.test(pattern)) {
      const expected = '1 to 200 printable ASCII characters without spaces, such as "server/tool_*"';
      const at = `${field}[${index}]`;
      throw new CountersignError('invalid_request', `${at}: expected ${expected}`, {
        fields: [{ field: at, expected }],
      });
    }
  }
  return [...patterns];
}
