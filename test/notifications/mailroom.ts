import { expect, onTestFinished } from 'vitest';
import { factOf } from '../../src/jobs/follow.ts';
import { parseCheckpoint } from '../../src/ledger/checkpoint.ts';
import type { Entry, EntryDraft } from '../../src/ledger/entry.ts';
import { queryEntries } from '../../src/ledger/query.ts';
import { readEntriesOfTypes } from '../../src/ledger/store.ts';
import type { Delivery } from '../../src/notifications/deliveries/delivery.ts';
import { EVENT_TYPES } from '../../src/notifications/event.ts';
import { addEndpoint, type NewEndpoint } from '../../src/notifications/manage.ts';
import { createOutbox, type Outbox } from '../../src/notifications/outbox.ts';
import type { EndpointDeps, OutboxDeps, Post } from '../../src/notifications/ports.ts';
import { listDeliveries } from '../../src/notifications/redeliver.ts';
import { type Desk, openDesk } from '../approvals/desk.ts';
import { manualSchedule } from '../ledger/fixture.ts';

export const HOOK = 'https://hooks.example/in';
export const OPERATOR = 'api_key:key_1';
/** All that is told of one entry; signed heads come by the clock. */
const FACTS = EVENT_TYPES.filter((type) => type !== 'ledger.checkpointed');

/** What an endpoint was sent, with the answer still to be given where the test holds it back. */
export interface Received {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event: any;
}

/** What the world answers: a status, or no answer at all. */
export type Reply = (received: Received) => Promise<number> | number;

/** Endpoints of one desk: its database, ledger and clock; the network and the timers are the test's. */
export interface Mailroom {
  readonly desk: Desk;
  readonly endpoints: EndpointDeps;
  readonly received: Received[];
  readonly reported: unknown[];
  readonly timers: ReturnType<typeof manualSchedule>;
  reply: Reply;
  readonly outbox: Outbox;
  /** An outbox as the next process makes it. */
  reopened(more?: Partial<OutboxDeps>): Outbox;
  add(more?: Partial<NewEndpoint>): ReturnType<typeof addEndpoint>;
  /** Writes entries as the features do. */
  note(...entries: EntryDraft[]): Promise<void>;
  /** Resolves once so many messages have been sent, and nothing is under way. */
  arrived(count: number): Promise<void>;
  /** Moves the clock on and lets every timer fire. */
  pass(ms: number): void;
  deliveries(webhook: string, state?: Delivery['state']): Promise<Delivery[]>;
}

/** An entry that is an event of no approval. */
export const completed = (call: string): EntryDraft => ({
  type: 'call.outcome',
  ref: { subject: 'ann', call, action: 'bank/show' },
  body: { kind: 'result', is_error: false, bytes: 12 },
});

export async function openMailroom(): Promise<Mailroom> {
  const desk = await openDesk();
  const { database, ledger, now, newId, random, workspace } = desk.office.deps;
  const running = ledger as OutboxDeps['ledger'] & typeof ledger;
  const timers = manualSchedule();
  const received: Received[] = [];
  const reported: unknown[] = [];
  const under = { way: 0 };
  const post: Post = async ({ url, headers, body }) => {
    const text = String(body);
    const one = { url, headers, body: text, event: JSON.parse(text) };
    received.push(one);
    under.way += 1;
    try {
      return { status: await room.reply(one) };
    } finally {
      under.way -= 1;
    }
  };
  const shared = { database, workspace, key: new Uint8Array(32).fill(7), now, random, post };
  const reopened = (more: Partial<OutboxDeps> = {}): Outbox => {
    const outbox = createOutbox({
      ...shared,
      ledger: running,
      readEntries: async (range) =>
        (await readEntriesOfTypes(database, range)).map((text) => JSON.parse(text) as Entry),
      requestOf: async (approval) =>
        (await queryEntries(database, { approval, type: 'approval.requested', limit: 1 })).entries[0],
      readFact: factOf,
      readNote: parseCheckpoint,
      origin: 'http://localhost:4400',
      schedule: timers.schedule,
      report: (error) => reported.push(error),
      ...more,
    });
    onTestFinished(() => outbox.close());
    return outbox;
  };
  const outbox = reopened();
  const endpoints: EndpointDeps = {
    ...shared,
    ledger: running,
    newId,
    checkAddress: async () => undefined,
    onChanged: () => void outbox.refresh(),
  };
  const room: Mailroom = {
    desk,
    endpoints,
    received,
    reported,
    timers,
    reply: () => 200,
    outbox,
    reopened,
    add: async (more = {}) => {
      const added = await addEndpoint(endpoints, { url: HOOK, by: OPERATOR, events: FACTS, ...more });
      await outbox.refresh();
      return added;
    },
    note: async (...entries) => void (await ledger.commit({ entries })),
    async arrived(count) {
      await expect.poll(() => received.length >= count && under.way === 0).toBe(true);
    },
    pass(ms) {
      desk.office.advance(ms);
      timers.fire();
    },
    deliveries: (webhook, state) => listDeliveries(endpoints, { webhook, state, limit: 200 }),
  };
  return room;
}
