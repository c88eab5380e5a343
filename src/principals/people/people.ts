import type { PrincipalDeps } from '../deps.ts';
import type { Person, PersonWithPasskeys } from './person.ts';
import { livePasskeys, livePeople, personById } from './store.ts';

/** Everyone who is enrolled now, with their passkeys, oldest first. */
export async function listPeople(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
): Promise<PersonWithPasskeys[]> {
  const [people, passkeys] = await Promise.all([
    livePeople(deps.database, deps.workspace),
    livePasskeys(deps.database, deps.workspace),
  ]);
  return people.map((person) => ({
    ...person,
    passkeys: passkeys.filter((passkey) => passkey.personId === person.id),
  }));
}

/** A person by id, removed ones included (see `removedAt`); undefined when there never was one. */
export async function findPerson(
  deps: Pick<PrincipalDeps, 'database' | 'workspace'>,
  id: string,
): Promise<Person | undefined> {
  return personById(deps.database, { id, workspace: deps.workspace });
}
