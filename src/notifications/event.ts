import { toRfc3339 } from '../core/clock.ts';
import { sha256Hex } from '../core/digest.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Entry, EntryType } from '../ledger/entry.ts';
import type { ReadFact } from './ports.ts';

/** What an endpoint may be told of. */
export type EventType =
  | 'approval.requested'
  | 'approval.decided'
  | 'approval.expired'
  | 'capability.issued'
  | 'capability.exchanged'
  | 'call.completed'
  | 'job.completed'
  | 'session.revoked'
  | 'server.drifted'
  | 'ledger.checkpointed';

export const EVENT_TYPES: readonly EventType[] = [
  'approval.requested',
  'approval.decided',
  'approval.expired',
  'capability.issued',
  'capability.exchanged',
  'call.completed',
  'job.completed',
  'session.revoked',
  'server.drifted',
  'ledger.checkpointed',
];

/** Something to tell an endpoint, as it is sent every time. */
export interface WebhookEvent {
  /** `evt_…`, the same for every endpoint and every attempt. */
  readonly id: string;
  readonly type: EventType;
  /** Events are in the order of their positions. */
  readonly position: number;
  /** Those of one approval are delivered in order. */
  readonly approval: string | undefined;
  readonly body: string;
}

/** Which events an entry of a type may be. */
const SOURCES: Readonly<Partial<Record<EntryType, readonly EventType[]>>> = {
  'approval.requested': ['approval.requested'],
  'approval.approved': ['approval.decided'],
  'approval.denied': ['approval.decided', 'job.completed'],
  'approval.expired': ['approval.expired', 'job.completed'],
  'approval.cancelled': ['job.completed'],
  'approval.void': ['job.completed'],
  'approval.outcome': ['call.completed', 'job.completed'],
  'approval.resolved': ['call.completed', 'job.completed'],
  'capability.issued': ['capability.issued'],
  'capability.exchanged': ['capability.exchanged'],
  'call.outcome': ['call.completed'],
  'job.ended': ['job.completed'],
  'session.revoked': ['session.revoked'],
  'tool.quarantined': ['server.drifted'],
};

/** Room for the events of one entry, between the positions of two. */
const STEP = 8;

/** True when an endpoint with this list wants the event; `*` stands for every type. */
export function wants(events: readonly string[], type: EventType): boolean {
  return events.includes('*') || events.includes(type);
}

/** The entry types that may be events for an endpoint with this list. */
export function sourcesOf(events: readonly string[]): readonly EntryType[] {
  return (Object.keys(SOURCES) as EntryType[]).filter((type) =>
    SOURCES[type]?.some((event) => wants(events, event)),
  );
}

function eventId(parts: { log: string; at: number; type: EventType }): string {
  return `evt_${sha256Hex(`${parts.log}\n${parts.at}\n${parts.type}`).slice(0, 32)}`;
}

function bodyOf(type: string, at: number, data: JsonObject): string {
  return JSON.stringify({ type, timestamp: toRfc3339(at), data });
}

const CALL_STATES: Readonly<Record<string, string>> = {
  error: 'failed',
  refused: 'failed',
  watching: 'succeeded',
  not_sent: 'not_sent',
  unknown: 'unknown',
};

/** How a call that policy allowed at once has ended; undefined while its server still wants answers. */
function callState({ kind, is_error: isError }: JsonObject): string | undefined {
  if (kind === 'input_required') return undefined;
  if (kind === 'result') return isError === true ? 'failed' : 'succeeded';
  return CALL_STATES[String(kind)] ?? 'failed';
}

/** Times of the ledger are epoch milliseconds; outside they are RFC 3339. */
function timeOf(value: JsonValue | undefined): string | null {
  return typeof value === 'number' ? toRfc3339(value) : null;
}

/** What beside the ids an event tells; undefined when the entry is no such event. */
function detailsOf(
  type: EventType,
  about: { entry: Entry; isCall: boolean; readFact: ReadFact },
): JsonObject | undefined {
  const { entry, isCall, readFact } = about;
  const { body, ref } = entry;
  switch (type) {
    case 'approval.requested':
      return { state: 'pending', requester: ref.principal ?? null, expires_at: timeOf(body.expires_at) };
    case 'approval.decided': {
      const approved = entry.type === 'approval.approved';
      const by = approved ? { basis: body.basis ?? null, expires_at: timeOf(body.expires_at) } : {};
      return { state: approved ? 'approved' : 'denied', decision: approved ? 'approve' : 'deny', ...by };
    }
    case 'approval.expired':
      return { state: 'expired' };
    case 'capability.issued':
    case 'capability.exchanged': {
      const { capability = null, holder = null } = body;
      const expires = type === 'capability.issued' ? body.expires_at : body.token_expires_at;
      const state = type === 'capability.issued' ? 'issued' : 'exchanged';
      return { capability, holder, state, ...(expires === undefined ? {} : { expires_at: timeOf(expires) }) };
    }
    case 'call.completed': {
      const state = entry.type === 'call.outcome' ? callState(body) : body.state;
      return state === undefined ? undefined : { state };
    }
    case 'job.completed': {
      const fact = readFact(entry);
      const isJob = entry.type === 'job.ended' || isCall;
      return fact?.event === 'ended' && isJob ? { job: fact.id, state: fact.state } : undefined;
    }
    case 'session.revoked':
      return body.descendants === undefined ? {} : { descendants: body.descendants };
    case 'server.drifted':
      return { server: body.server ?? null, hash: body.hash ?? null, reason: body.reason ?? null };
    case 'ledger.checkpointed':
      return undefined;
  }
}

/** What the events of an entry are made from. */
export interface EventSource {
  readonly entry: Entry;
  /** The entry that requested the approval which `entry` is about. */
  readonly request: Entry | undefined;
  readonly readFact: ReadFact;
  /** Where people reach the gateway, without a trailing slash. */
  readonly origin: string;
}

/**
 * The events that an entry is, in order. A pure function of what the ledger has, so that an event is the same whenever
 * and however often it is made. Thin: ids, states, the tool and the risk; never an argument, a result or a reason.
 */
export function eventsOf(source: EventSource): WebhookEvent[] {
  const { entry, request, readFact } = source;
  const { approval, session, subject, call } = entry.ref;
  const kind = request?.body.kind;
  const action = entry.ref.action ?? request?.ref.action;
  const named = kind === 'action' ? 'action' : 'tool';
  return (SOURCES[entry.type] ?? []).flatMap((type, index) => {
    const details = detailsOf(type, { entry, isCall: kind === 'tool', readFact });
    if (details === undefined) return [];
    const data: JsonObject = {
      seq: entry.seq,
      ...(approval === undefined ? {} : { approval }),
      ...(session === undefined ? {} : { session }),
      ...(subject === undefined ? {} : { subject }),
      ...(call === undefined ? {} : { call }),
      ...(action === undefined ? {} : { [named]: action }),
      ...(request?.body.risk === undefined ? {} : { risk: request.body.risk }),
      ...details,
      ...(type === 'approval.requested' ? { url: `${source.origin}/approvals/${approval}` } : {}),
    };
    return [
      {
        id: eventId({ log: entry.log, at: entry.seq, type }),
        type,
        position: entry.seq * STEP + index,
        approval,
        body: bodyOf(type, entry.ts, data),
      },
    ];
  });
}

/** The event of a signed head; `checkpoint` is the note that says so (C2SP tlog-checkpoint). */
export function checkpointEvent(head: {
  log: string;
  size: number;
  root: string;
  note: string;
  at: number;
}): WebhookEvent {
  const { log, size, root, note, at } = head;
  const type = 'ledger.checkpointed';
  return {
    id: eventId({ log, at: size, type }),
    type,
    position: size * STEP,
    approval: undefined,
    body: bodyOf(type, at, { size, root, checkpoint: note }),
  };
}

/** The body of a message that only tries whether an endpoint answers. */
export function testBody(input: { webhook: string; at: number }): string {
  return bodyOf('webhook.test', input.at, { webhook: input.webhook });
}
