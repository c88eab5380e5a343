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
}

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
  /** Offered otherwise than accepted, and not yet recorded. */
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
    const known = pin?.candidate?.hash === sighting.hash;
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
export function pinState(sighting: Sighting, pin: Pin | undefined): 'active' | 'quarantined' {
  return pin?.hash === sighting.hash ? 'active' : 'quarantined';
}

/**
 * Where pins are kept. `record` makes first sightings and locked definitions pins, and changed and unlocked ones
 * candidates, with their ledger entries, and resolves after both are durable. `accept` resolves to false when the candidate is not (or no longer) the one
 * with that hash. All throw `ledger_unavailable` when nothing can be written.
 */
export interface PinStore {
  read(server: string): Promise<Map<string, Pin>>;
  record(server: string, changes: PinChanges): Promise<void>;
  accept(change: { server: string; tool: string; hash: string; by: string }): Promise<boolean>;
}
