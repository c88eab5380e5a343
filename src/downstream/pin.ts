import { toRfc3339 } from '../core/clock.ts';
import type { JsonObject } from '../core/json.ts';

/** The definition of one tool that was accepted: by being the first seen, by the lock file, or by an operator. */
export interface Pin {
  readonly server: string;
  readonly tool: string;
  /** Undefined while none was accepted: the tool was offered, but a lock file does not hold it. */
  readonly hash: string | undefined;
  readonly definition: JsonObject | undefined;
  /** Milliseconds since the epoch. */
  readonly pinnedAt: number;
  readonly pinnedBy: string;
  /** The changed definition that waits for an operator, if the server has shown one. */
  readonly candidate:
    | { readonly hash: string; readonly definition: JsonObject; readonly seenAt: number }
    | undefined;
  /** The definitions that an operator does not want, by hash. Never the accepted one. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** Who refused a definition, when (milliseconds since the epoch), and what they said of it. */
export interface Refusal {
  readonly by: string;
  readonly at: number;
  readonly reason: string | undefined;
}

/** Whether a tool may be called, and if not, whether that was said of its definition or nobody has looked at it yet. */
export type PinState = 'active' | 'quarantined' | 'refused';

/** A tool as a server offers it now. */
export interface Sighting {
  readonly tool: string;
  readonly hash: string;
  readonly definition: JsonObject;
}

/** What has to be written down before the sightings may be shown. */
export interface PinChanges {
  /** Never seen, where no lock file decides: they become pins. */
  readonly first: readonly Sighting[];
  /** Definitions of the lock file that replace whatever was accepted before. */
  readonly locked: readonly Sighting[];
  /** Offered otherwise than accepted, and neither recorded nor refused yet. */
  readonly changed: readonly Sighting[];
  /** Not in the lock file: whatever was accepted before no longer is. */
  readonly unlocked: readonly Sighting[];
}

/** Why a tool is quarantined: its definition is another than was accepted, or the lock file does not hold it. */
export type DriftReason = 'changed' | 'not_in_lock';

/** The definitions that a lock file holds of one server, by tool. */
export type LockedTools = ReadonlyMap<string, Sighting>;

/** Compares what a server offers to what was accepted. With a lock file, that alone says what is accepted. */
export function compareToPins(
  sightings: readonly Sighting[],
  pins: ReadonlyMap<string, Pin>,
  lock?: LockedTools,
): PinChanges {
  const changes = {
    first: [] as Sighting[],
    locked: [] as Sighting[],
    changed: [] as Sighting[],
    unlocked: [] as Sighting[],
  };
  for (const sighting of sightings) {
    const pin = pins.get(sighting.tool);
    const known = pin?.candidate?.hash === sighting.hash || refusalOf(sighting, pin) !== undefined;
    if (lock === undefined) {
      if (pin === undefined) changes.first.push(sighting);
      else if (pin.hash !== sighting.hash && !known) changes.changed.push(sighting);
      continue;
    }
    const accepted = lock.get(sighting.tool);
    if (accepted === undefined) {
      if (pin?.hash !== undefined || !known) changes.unlocked.push(sighting);
      continue;
    }
    const isNew = pin?.hash !== accepted.hash;
    if (isNew) changes.locked.push(accepted);
    if (accepted.hash !== sighting.hash && (isNew || !known)) changes.changed.push(sighting);
  }
  return changes;
}

/** A tool may be called exactly when what its server offers now is what was pinned. */
export function pinState(sighting: Sighting, pin: Pin | undefined): PinState {
  if (pin?.hash === sighting.hash) return 'active';
  return refusalOf(sighting, pin) === undefined ? 'quarantined' : 'refused';
}

/** The refusal of exactly the definition that is offered now, if an operator refused it. */
export function refusalOf({ hash }: Sighting, pin: Pin | undefined): Refusal | undefined {
  return pin?.hash === hash ? undefined : pin?.refusals.get(hash);
}

/** `refused by person:per_1 at 2026-01-01T00:00:00.000Z: its reason`. */
export function refusalText({ by, at, reason }: Refusal): string {
  return `refused by ${by} at ${toRfc3339(at)}${reason === undefined ? '' : `: ${reason}`}`;
}

/** One definition of a tool, and who says something of it. */
export interface Review {
  readonly server: string;
  readonly tool: string;
  readonly hash: string;
  readonly by: string;
}

/**
 * Where pins are kept. `record` makes first sightings and locked definitions pins, and changed and unlocked ones
 * candidates, with their ledger entries, and resolves after both are durable. `accept` resolves to false when the
 * definition is neither the candidate nor refused, `refuse` when it is not (or no longer) the candidate, or refused
 * already. What is accepted is no longer refused. All throw `ledger_unavailable` when nothing can be written.
 */
export interface PinStore {
  read(server: string): Promise<Map<string, Pin>>;
  record(server: string, changes: PinChanges): Promise<void>;
  accept(change: Review & { readonly definition: JsonObject }): Promise<boolean>;
  refuse(change: Review & { readonly reason: string | undefined }): Promise<boolean>;
}
