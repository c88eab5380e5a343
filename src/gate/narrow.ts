import type { CountersignError } from '../core/errors.ts';
import type { Target } from '../core/glob.ts';
import { scopeCovers } from '../core/scope.ts';
import type { Session } from '../sessions/session.ts';

/** Outside its scope nothing exists for a session: throws what `unknown` makes, the words for what does not exist. */
export function narrow(session: Session, target: Target, unknown: () => CountersignError): void {
  if (!scopeCovers(session.scope, target)) throw unknown();
}
