import type { DownstreamEvent } from './catalog.ts';
import type { Log } from './link.ts';
import { compareToPins, type LockedTools, type Pin, type PinStore, pinState, type Sighting } from './pin.ts';

/**
 * Records what is new about the tools that a server offers, and resolves to its pins once that is durable; what
 * happened is told after. Rejects when it cannot be recorded; then nothing of the offer may be shown.
 */
export async function settlePins(
  deps: {
    pins: PinStore;
    server: string;
    lock: LockedTools | undefined;
    log: Log;
    emit: (event: DownstreamEvent) => void;
  },
  sightings: readonly Sighting[],
): Promise<ReadonlyMap<string, Pin>> {
  const { pins, server, lock, log, emit } = deps;
  const before = await pins.read(server);
  const changes = compareToPins(sightings, before, lock);
  const { first, locked, changed, unlocked } = changes;
  if (first.length + locked.length + changed.length + unlocked.length === 0) return before;
  await pins.record(server, changes);
  const after = await pins.read(server);
  for (const { tool, hash } of [...first, ...locked]) emit({ kind: 'tool_pinned', server, tool, hash });
  const drifted = [
    ...changed.map((sighting) => ({ ...sighting, reason: 'changed' as const })),
    ...unlocked.map((sighting) => ({ ...sighting, reason: 'not_in_lock' as const })),
  ];
  for (const { tool, hash, reason } of drifted) {
    log.warn({ server, tool, hash, reason }, 'a tool is quarantined: its definition was not accepted');
    emit({ kind: 'tool_quarantined', server, tool, hash, reason, pinned: after.get(tool)?.hash });
  }
  return after;
}

/** The tools that may be called, each with the hash of the definition that is both offered and accepted. */
export function acceptedTools(
  sightings: readonly Sighting[],
  pins: ReadonlyMap<string, Pin>,
): ReadonlyMap<string, string> {
  const accepted = new Map<string, string>();
  for (const sighting of sightings) {
    if (pinState(sighting, pins.get(sighting.tool)) === 'active') accepted.set(sighting.tool, sighting.hash);
  }
  return accepted;
}
