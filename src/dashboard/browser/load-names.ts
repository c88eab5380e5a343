import type { Shell } from './shell.ts';

const MOST = 200;

/** The names of people, by the reference that the ledger has of them. */
export type Names = ReadonlyMap<string, string>;

/** Who is enrolled; whoever was removed keeps only the reference. */
export async function loadNames({ api }: Shell): Promise<Names> {
  const people = await api.client.approvers.list({ limit: MOST });
  return new Map(people.data.map((person) => [`person:${person.id}`, person.name]));
}
