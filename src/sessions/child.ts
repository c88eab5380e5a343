import { toRfc3339 } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { parseScope, type Scope, scopeContains } from '../core/scope.ts';
import type { Session } from './session.ts';

/** What the holder of a session asks of a child; what is absent is taken from the parent. */
export interface NarrowRequest {
  readonly tools?: readonly string[] | undefined;
  readonly ttlMs?: number | undefined;
  readonly callCap?: number | undefined;
}

function refuse(field: string, expected: string): never {
  throw new CountersignError('invalid_request', `${field}: expected ${expected}`, {
    fields: [{ field, expected }],
  });
}

const isExclusion = (pattern: string): boolean => pattern.startsWith('!');

/**
 * The scope of a child: what it asked for, each pattern within one pattern of the parent, and all that the parent
 * excludes. Throws `invalid_request` that names the pattern and the parent's scope.
 */
export function childScope(parent: Scope, tools: readonly string[] | undefined): Scope {
  if (tools === undefined) return parent;
  const asked = parseScope(tools, 'scope');
  const has = parent.join(' ');
  for (const [index, pattern] of asked.entries()) {
    if (isExclusion(pattern) || scopeContains(parent, pattern)) continue;
    refuse(
      `scope[${index}]`,
      `a pattern within one of the session's own (${has}), but "${pattern}" reaches further`,
    );
  }
  if (asked.every(isExclusion)) refuse('scope', `at least one pattern without "!", within ${has}`);
  const scope = [...new Set([...asked, ...parent.filter(isExclusion)])];
  if (scope.length > LIMITS.scopeEntries)
    refuse('scope', `at most ${LIMITS.scopeEntries} patterns, with what the session's own scope excludes`);
  return scope;
}

/** When a child ends: never after its parent, and with it unless told. Throws `invalid_request`. */
export function childExpiry(parent: Session, ttlMs: number | undefined, now: number): number {
  if (ttlMs === undefined) return parent.expiresAt;
  const until = toRfc3339(parent.expiresAt);
  if (!Number.isInteger(ttlMs) || ttlMs < LIMITS.sessionTtlMinMs)
    refuse('expires_in', `at least ${LIMITS.sessionTtlMinMs / 1_000} seconds, and no later than ${until}`);
  if (ttlMs > parent.expiresAt - now) {
    const seconds = Math.max(0, Math.floor((parent.expiresAt - now) / 1_000));
    refuse('expires_in', `at most ${seconds} seconds, because the session itself ends at ${until}`);
  }
  return now + ttlMs;
}

/**
 * How many calls a child gets. A parent with a cap lends them out of what it has left, so its child must have a cap.
 * Throws `invalid_request`.
 */
export function childCallCap(
  parent: Session & { readonly calls: number },
  callCap: number | undefined,
): number | undefined {
  const left =
    parent.callCap === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, parent.callCap - parent.calls);
  if (callCap === undefined && parent.callCap === undefined) return undefined;
  if (callCap !== undefined && Number.isSafeInteger(callCap) && callCap >= 1 && callCap <= left)
    return callCap;
  if (parent.callCap === undefined) refuse('call_cap', 'a whole number of at least 1');
  if (left === 0) refuse('call_cap', `calls to lend, but the session has used or lent all ${parent.callCap}`);
  refuse('call_cap', `a whole number from 1 to ${left}, what the session has left of its ${parent.callCap}`);
}
