import { CountersignError } from '../core/errors.ts';
import { findPerson } from '../principals/people/people.ts';
import { type PersonPrincipal, principalRef } from '../principals/principal.ts';
import type { ApiDeps } from './context.ts';

/** The subject whose agents act for a person: the one that they were enrolled with, or they themselves. */
export async function subjectOf(deps: Pick<ApiDeps, 'principals'>, person: PersonPrincipal): Promise<string> {
  return (await findPerson(deps.principals, person.id))?.subject ?? principalRef(person);
}

/**
 * The subject of a session that a person mints: their own, whether or not it was asked for. Throws `forbidden` for
 * another, since nobody would keep them from approving the calls of an agent of theirs that acts for somebody else.
 */
export async function ownSubject(
  deps: Pick<ApiDeps, 'principals'>,
  asked: { person: PersonPrincipal; subject: string | undefined },
): Promise<string> {
  const own = await subjectOf(deps, asked.person);
  if (asked.subject === undefined || asked.subject === own) return own;
  throw new CountersignError(
    'forbidden',
    `subject: you can mint sessions only for your own agents (${own}). For another end user it takes an API key with the role minter.`,
  );
}
