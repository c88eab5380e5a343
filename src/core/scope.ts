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
