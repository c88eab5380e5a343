import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import { countPending, insertDelivery } from './deliveries/store.ts';
import { checkpointEvent, eventsOf, sourcesOf, type WebhookEvent, wants } from './event.ts';
import type { OutboxDeps } from './ports.ts';
import { moveCheckpoint, moveCursor, type StoredEndpoint } from './store.ts';

type FanOutDeps = Pick<
  OutboxDeps,
  'database' | 'ledger' | 'now' | 'readEntries' | 'requestOf' | 'readFact' | 'readNote' | 'origin'
>;

async function wantedEvents(
  deps: FanOutDeps,
  endpoint: StoredEndpoint,
  entries: readonly Entry[],
): Promise<WebhookEvent[]> {
  const found: WebhookEvent[] = [];
  for (const entry of entries) {
    const { approval } = entry.ref;
    const request = approval === undefined ? undefined : await deps.requestOf(approval);
    const { readFact, origin } = deps;
    const events = eventsOf({ entry, request, readFact, origin });
    found.push(...events.filter(({ type }) => wants(endpoint.events, type)));
  }
  return found;
}

/**
 * Turns what the ledger has gained since the endpoint's place in it into deliveries, and moves the place, in one
 * transaction: a crash leaves both or neither, so that nothing is missed and nothing is there twice. Does no more than
 * one step; true when there may be more to do at once.
 */
export async function fanOut(deps: FanOutDeps, endpoint: StoredEndpoint): Promise<boolean> {
  const { id, nextSeq } = endpoint;
  const { size } = deps.ledger.head();
  if (nextSeq >= size) return false;
  const to = Math.min(size, nextSeq + LIMITS.webhookScanEntries);
  const types = sourcesOf(endpoint.events);
  const waiting = await countPending(deps.database, id, LIMITS.webhookPending);
  const room = LIMITS.webhookPending - waiting;
  if (room === 0) return false;
  const entries = await deps.readEntries({ types, from: nextSeq, to, limit: room });
  const last = entries[entries.length - 1];
  const reached = entries.length === room && last !== undefined ? last.seq + 1 : to;
  const events = await wantedEvents(deps, endpoint, entries);
  // A place that is passed without an event is kept only when it is far: it is found again by reading.
  if (events.length === 0 && reached - nextSeq < LIMITS.webhookScanEntries) return false;
  const at = deps.now();
  await deps.ledger.commit({
    guard: moveCursor({ id, from: nextSeq, to: reached }),
    then: events.map((event) => insertDelivery(id, event, at)),
    entries: [],
  });
  return reached < deps.ledger.head().size;
}

/**
 * Makes a delivery of the ledger's newest head, if the endpoint wants one, it is time, and the ledger has grown. Gives
 * when the endpoint may be told of another; undefined when it does not want to be.
 */
export async function tellCheckpoint(
  deps: FanOutDeps,
  endpoint: StoredEndpoint,
): Promise<number | undefined> {
  const { id, checkpointSize, checkpointAt } = endpoint;
  if (!wants(endpoint.events, 'ledger.checkpointed')) return undefined;
  const now = deps.now();
  const due = checkpointAt + LIMITS.webhookCheckpointIntervalMs;
  if (now < due || deps.ledger.head().size <= checkpointSize) return due;
  const note = await deps.ledger.checkpointNow();
  const head = deps.readNote(note);
  if (head === undefined) return due;
  const { origin, size, root } = head;
  const event = checkpointEvent({ log: origin, size, root, note, at: now });
  await deps.ledger.commit({
    guard: moveCheckpoint({ id, from: checkpointSize, to: size, at: now }),
    then: [insertDelivery(id, event, now)],
    entries: [],
  });
  return now + LIMITS.webhookCheckpointIntervalMs;
}
