import { CountersignError } from '../core/errors.ts';
import type { Session } from '../sessions/session.ts';

/** The session must be alive at this very moment, whatever the door found when the message arrived. */
export function identify(deps: { isActive: (session: Session) => boolean }, session: Session): void {
  if (!deps.isActive(session)) {
    throw new CountersignError('not_found', 'There is no such session. Ask whoever minted it for a new one.');
  }
}
