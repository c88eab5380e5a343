import { LIMITS } from '../../core/limits.ts';
import type { Entry, EntryType } from '../../ledger/entry.ts';
import { type ChannelTerms, concerns, type WaitingCall } from './channel.ts';
import { CAUSES, type Cause } from './message.ts';
import type { ChannelDeps } from './ports.ts';
import { countNoted, insertNotice, movePlace, type Notice, openDueOf, placeOf } from './store.ts';
import { reminderOf, timingOf } from './timing.ts';

/** The entries that channels are told of. */
export const SOURCES: readonly EntryType[] = ['approval.requested', 'approval.escalated'];

type NoteDeps = Pick<ChannelDeps, 'database' | 'ledger' | 'now' | 'readEntries' | 'waiting'>;

/** What is known beside the ledger while one step is made; grows with each notice of the step. */
interface Step {
  readonly told: Map<string, number>;
  openDue: number | undefined;
}

interface Fact {
  readonly entry: Entry;
  readonly call: WaitingCall;
  readonly now: number;
}

const positionOf = (entry: Entry, cause: Cause): number => entry.seq * CAUSES.length + CAUSES.indexOf(cause);

async function timed(
  deps: NoteDeps,
  channel: ChannelTerms & { id: string },
  { step, call, now }: { step: Step; call: WaitingCall; now: number },
): Promise<{ dueAt: number; gathered: boolean }> {
  const { source, risk } = call;
  const key = `${risk} ${source}`;
  const after = now - LIMITS.channelAgentWindowMs;
  const about = { channel: channel.id, source, risk, after, most: channel.perAgent };
  const told = step.told.get(key) ?? (await countNoted(deps.database, about));
  const timing = timingOf(channel, { risk, now, told, openDue: step.openDue });
  step.told.set(key, told + 1);
  if (timing.gathered) step.openDue = Math.min(step.openDue ?? timing.dueAt, timing.dueAt);
  return timing;
}

function escalationNote(groups: readonly string[]): string {
  return `It is still undecided, so ${groups.join(', ')} may decide now too.`;
}

async function noticesOf(
  deps: NoteDeps,
  channel: ChannelTerms & { id: string },
  { entry, call, now, step }: Fact & { step: Step },
): Promise<Notice[]> {
  const isRequest = entry.type === 'approval.requested';
  const groups = isRequest ? call.groups : ((entry.body.groups ?? []) as string[]);
  if (!concerns(channel, call, groups)) return [];
  const cause = isRequest ? 'requested' : 'escalated';
  const { id: approval, source, risk } = call;
  const about = { approval, source, risk };
  const note = isRequest ? '' : escalationNote(groups);
  const timing = await timed(deps, channel, { step, call, now });
  const first = { ...about, ...timing, cause, note, position: positionOf(entry, cause) } as const;
  const again = isRequest ? reminderOf(channel, { risk, now, expiresAt: call.expiresAt }) : undefined;
  if (again === undefined) return [first];
  const reminder = { ...about, ...again, note: '', position: positionOf(entry, 'reminder') };
  return [first, { ...reminder, cause: 'reminder' }];
}

/**
 * Notes what the ledger has gained since the channel's place in it and moves the place, in one transaction: a crash leaves
 * both or neither. What does not wait any more is passed over. True when there may be more to do at once.
 */
export async function noteRequests(deps: NoteDeps, channel: ChannelTerms & { id: string }): Promise<boolean> {
  const { id } = channel;
  const from = await placeOf(deps.database, id);
  const { size } = deps.ledger.head();
  if (from === undefined || from >= size) return false;
  const to = Math.min(size, from + LIMITS.webhookScanEntries);
  const limit = LIMITS.channelNoticesAtOnce;
  const entries = await deps.readEntries({ types: SOURCES, from, to, limit });
  const last = entries[entries.length - 1];
  const reached = entries.length === limit && last !== undefined ? last.seq + 1 : to;
  const now = deps.now();
  const calls = await deps.waiting([...new Set(entries.flatMap(({ ref }) => ref.approval ?? []))]);
  const callOf = new Map(calls.map((call) => [call.id, call]));
  const step: Step = {
    told: new Map(),
    openDue: await openDueOf(deps.database, { channel: id, after: now }),
  };
  const notices: Notice[] = [];
  for (const entry of entries) {
    const call = callOf.get(entry.ref.approval ?? '');
    if (call !== undefined) notices.push(...(await noticesOf(deps, channel, { entry, call, now, step })));
  }
  // A place that is passed without anything to tell is kept only when it is far: it is found again by reading. It is far as
  // well behind many requests for others, which fill what is read at once and would hide all that comes after them.
  const isNear = reached - from < LIMITS.webhookScanEntries && entries.length < LIMITS.channelPassedRequests;
  if (notices.length === 0 && isNear) return false;
  await deps.ledger.commit({
    guard: movePlace({ id, from, to: reached }),
    then: notices.map((notice) => insertNotice(id, notice, now)),
    entries: [],
  });
  return reached < deps.ledger.head().size;
}
