import { expect, onTestFinished } from 'vitest';
import { waitingApprovals, waitingCall } from '../../../src/app/wire-channels.ts';
import { standingOf } from '../../../src/app/wire-push.ts';
import type { Entry } from '../../../src/ledger/entry.ts';
import { readEntriesOfTypes } from '../../../src/ledger/store.ts';
import { type CarriedChannel, type Channel, channelId } from '../../../src/notifications/channels/channel.ts';
import { type ChannelOutbox, createChannelOutbox } from '../../../src/notifications/channels/outbox.ts';
import type { ChannelDeps, Letter } from '../../../src/notifications/channels/ports.ts';
import { type ChannelCounts, channelCounts } from '../../../src/notifications/channels/store.ts';
import type { Post } from '../../../src/notifications/ports.ts';
import type { DeviceDeps, PushLaneDeps } from '../../../src/notifications/push/ports.ts';
import { VAPID_SEED_BYTES, vapidKeysOf } from '../../../src/notifications/push/vapid-keys.ts';
import { type Desk, openDesk } from '../../approvals/desk.ts';
import { manualSchedule } from '../../ledger/fixture.ts';

export const ORIGIN = 'http://localhost:4400';
export const LINK_KEY = new Uint8Array(32).fill(9);
const SEALING_KEY = new Uint8Array(32).fill(11);
const VAPID_SEED = new Uint8Array(VAPID_SEED_BYTES).fill(13);

/** A channel of ntfy that is told of everything, at once, and the first 100 of an agent one by one. */
export function channelOf(more: Partial<CarriedChannel> = {}): CarriedChannel {
  const priority = { low: 2, medium: 3, high: 4, critical: 5 };
  return {
    name: 'ops',
    target: { kind: 'ntfy', url: 'https://ntfy.example/', topic: 'ops', token: undefined, priority },
    when: {},
    digestMs: 0,
    quiet: undefined,
    perAgent: 100,
    remindMs: undefined,
    ...more,
  };
}

/** What is true without configuration of the channel that tells people's devices. */
export function pushOf(more: Partial<Channel> = {}): Channel {
  return { ...channelOf(), name: 'push', target: { kind: 'push', contact: undefined }, ...more };
}

/** One POST as it arrived. */
export interface Arrived {
  readonly url: string;
  readonly body: any;
}

/** The channels of one desk: its database, ledger and clock; the network and the timers are the test's. */
export interface Loft {
  readonly desk: Desk;
  /** What people manage their devices with. */
  readonly devices: DeviceDeps;
  readonly arrived: Arrived[];
  readonly letters: Letter[];
  readonly reported: unknown[];
  reply: (arrived: Arrived) => Promise<number> | number;
  /** An outbox with these channels, as a process makes it at its start. */
  open(channels: readonly Channel[]): Promise<ChannelOutbox>;
  /** Resolves once so many messages have been sent, and nothing is under way. */
  sent(count: number): Promise<void>;
  /** Resolves once nothing is left to do now; then tells how many messages there were. */
  settled(): Promise<number>;
  /** Moves the clock on and lets every timer fire. */
  pass(ms: number): void;
  counts(name?: string): Promise<ChannelCounts>;
}

/** `post` carries what goes to devices; without it they are not reached. */
export async function openLoft({ post }: { post?: Post } = {}): Promise<Loft> {
  const desk = await openDesk();
  const office = desk.office.deps;
  const { database, ledger, now, random, workspace } = office;
  const running = ledger as ChannelDeps['ledger'] & typeof ledger;
  const timers = manualSchedule();
  const arrived: Arrived[] = [];
  const letters: Letter[] = [];
  const reported: unknown[] = [];
  const under = { way: 0 };
  const opened: { outbox?: ChannelOutbox } = {};
  const keys = { key: SEALING_KEY, vapid: vapidKeysOf(VAPID_SEED), contact: 'mailto:ops@example.com' };
  async function carry(request: Parameters<Post>[0]): Promise<{ status: number }> {
    if (post !== undefined) return post(request);
    const one = { url: request.url, body: JSON.parse(String(request.body)) };
    arrived.push(one);
    return { status: await loft.reply(one) };
  }
  const deps: ChannelDeps & { push: PushLaneDeps } = {
    database,
    ledger: running,
    now,
    random,
    workspace,
    origin: ORIGIN,
    linkKey: LINK_KEY,
    schedule: timers.schedule,
    report: (error) => reported.push(error),
    readEntries: async (range) =>
      (await readEntriesOfTypes(database, range)).map((text) => JSON.parse(text) as Entry),
    waiting: async (ids) => (await waitingApprovals(office, ids)).map(waitingCall),
    async post(request) {
      under.way += 1;
      try {
        return await carry(request);
      } finally {
        under.way -= 1;
      }
    },
    push: { ...keys, standingOf: (person) => standingOf(office, person) },
    mail: async (letter) => {
      letters.push(letter);
      return { refused: 0 };
    },
  };
  const loft: Loft = {
    desk,
    devices: {
      ...keys,
      ...office,
      ledger: running,
      post: deps.post,
      origin: ORIGIN,
      checkAddress: async () => undefined,
      onChanged: () => void opened.outbox?.refresh(),
    },
    arrived,
    letters,
    reported,
    reply: () => 200,
    async open(channels) {
      const outbox = createChannelOutbox(deps, channels);
      onTestFinished(() => outbox.close());
      opened.outbox = outbox;
      await outbox.start();
      return outbox;
    },
    async sent(count) {
      await expect.poll(() => arrived.length >= count && under.way === 0).toBe(true);
    },
    async settled() {
      const idle = async () => {
        const { size } = running.head();
        const rows = await database.query({
          sql: `SELECT 1 FROM channel_notice WHERE told_at IS NULL AND due_at <= ?
            UNION ALL SELECT 1 FROM webhook_delivery WHERE state = 'pending' AND next_at <= ?`,
          params: [now(), now()],
        });
        await new Promise<void>((resolve) => setImmediate(resolve));
        return rows.length === 0 && under.way === 0 && running.head().size === size;
      };
      await expect.poll(async () => (await idle()) && (await idle()) && idle()).toBe(true);
      return arrived.length;
    },
    pass(ms) {
      desk.office.advance(ms);
      timers.fire();
    },
    counts: (name = 'ops') => channelCounts(database, channelId({ workspace, name })),
  };
  return loft;
}
