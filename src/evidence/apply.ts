import type { Entry } from '../ledger/entry.ts';
import { rulesOf } from './rules.ts';
import { forgetEnded, type World } from './world.ts';

/** Why something is refused, with the number of the rule in docs/ledger-format.md. */
export interface Refusal {
  readonly rule: number;
  readonly reason: string;
}

function dueProblem(world: World, entry: Entry): string | undefined {
  const { due } = world;
  if (due === undefined) return undefined;
  const came = entry.seq === due.seq && entry.type === due.type && entry.ref.approval === due.approval;
  return came ? undefined : `${due.type} of ${due.approval} must stand here, right after its dispatch`;
}

/** Applies every rule about an entry in its place. After a refusal the world is not to be used any more. */
export function applyEntry(world: World, entry: Entry): Refusal | undefined {
  world.tally.entries++;
  forgetEnded(world, entry.ts);
  const missing = dueProblem(world, entry);
  if (missing !== undefined) return { rule: 6, reason: missing };
  world.due = undefined;
  const rules = rulesOf(entry.type);
  if (rules === undefined) return { rule: 1, reason: 'no ledger of this format holds such a type' };
  for (const { number, rule } of rules) {
    const reason = rule(world, entry);
    if (reason !== undefined) return { rule: number, reason };
  }
  return undefined;
}
