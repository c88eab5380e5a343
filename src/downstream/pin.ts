import { canonicalize } from '../core/canonical.ts';
import { sha256Hex } from '../core/digest.ts';
import type { JsonObject } from '../core/json.ts';

/** The definition of one tool that was accepted, by being the first seen or by an operator. */
export interface Pin {
  readonly server: string;
  readonly tool: string;
  readonly hash: string;
  readonly definition: JsonObject;
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

/** `sha256:` + hex over the canonical text of a tool's whole definition, as the downstream sent it. */
export function definitionHash(definition: JsonObject): string {
  return `sha256:${sha256Hex(canonicalize(definition))}`;
}

/** What has to be written down before the sightings may be shown: tools never seen, and changes not yet recorded. */
export interface PinChanges {
  readonly first: readonly Sighting[];
  readonly changed: readonly Sighting[];
}

export function compareToPins(sightings: readonly Sighting[], pins: ReadonlyMap<string, Pin>): PinChanges {
  const first: Sighting[] = [];
  const changed: Sighting[] = [];
  for (const sighting of sightings) {
    const pin = pins.get(sighting.tool);
    if (pin === undefined) first.push(sighting);
    else if (pin.hash !== sighting.hash && pin.candidate?.hash !== sighting.hash) changed.push(sighting);
  }
  return { first, changed };
}

/** A tool may be called exactly when what its server offers now is what was pinned. */
export function pinState(sighting: Sighting, pin: Pin | undefined): 'active' | 'quarantined' {
  return pin?.hash === sighting.hash ? 'active' : 'quarantined';
}

/**
 * Where pins are kept. `record` makes first sightings pins and changed ones candidates, with their ledger entries,
 * and resolves after both are durable. `accept` resolves to false when the candidate is not (or no longer) the one
 * with that hash. All throw `ledger_unavailable` when nothing can be written.
 */
export interface PinStore {
  read(server: string): Promise<Map<string, Pin>>;
  record(server: string, changes: PinChanges): Promise<void>;
  accept(change: { server: string; tool: string; hash: string; by: string }): Promise<boolean>;
}
