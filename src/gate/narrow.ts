import { CountersignError } from '../core/errors.ts';
import type { Target } from '../core/glob.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Session } from '../sessions/session.ts';

/** Throws `not_found` when the session's scope does not cover the target: outside its scope nothing exists. */
export function narrow(session: Session, target: Target): void {
  if (scopeCovers(session.scope, target)) return;
  const what = target.kind === 'tool' ? 'tool' : target.kind;
  throw new CountersignError(
    'not_found',
    `Unknown ${what}: ${target.name}. List what this session may use; its scope does not cover more.`,
  );
}
