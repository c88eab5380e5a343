import { sha256Hex } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Statement } from '../../storage/database.ts';
import { insertDelivery } from '../deliveries/store.ts';
import type { WaitingCall } from './channel.ts';
import { byRisk, type MessagePlan } from './message.ts';
import type { ChannelDeps } from './ports.ts';
import { dueNotices, markTold, type Notice, nextDue } from './store.ts';

/** A delivery that tells channels of something; its body is a plan. */
const TYPE = 'channel.message';

function delivery(
  channel: string,
  { plan, first, at }: { plan: MessagePlan; first: Notice; at: number },
): Statement {
  const { position } = first;
  // The same approvals may be told of again, but never again from this notice on.
  const id = `evt_${sha256Hex(`${channel}\n${position}`).slice(0, 32)}`;
  const body = JSON.stringify(plan);
  return insertDelivery(channel, { id, type: TYPE, position, approval: undefined, body }, at);
}

interface Told {
  readonly notice: Notice;
  readonly call: WaitingCall;
}

function planOf(told: readonly Told[]): MessagePlan {
  const [only] = told.length === 1 ? told : [];
  // A call that became due twice, such as at its request and at its reminder, is named once.
  const calls = byRisk([...new Map(told.map(({ call }) => [call.id, call])).values()]);
  const listed = calls.slice(0, LIMITS.channelItems).map(({ id }) => id);
  const about = { approvals: listed, more: calls.length - listed.length };
  return only === undefined
    ? { cause: 'requested', note: '', ...about }
    : { cause: only.notice.cause, note: only.notice.note, ...about };
}

/**
 * Makes messages of what is due: one for each, and one for all that was gathered. What does not wait any more is left out.
 * Notices and messages change in one transaction, so that each is told in one message. Gives when to look again.
 */
export async function gatherMessages(
  deps: Pick<ChannelDeps, 'database' | 'ledger' | 'now' | 'waiting'>,
  channel: string,
): Promise<{ more: boolean; at: number | undefined }> {
  const { database } = deps;
  const now = deps.now();
  const due = await dueNotices(database, { channel, now, limit: LIMITS.channelNoticesAtOnce });
  if (due.length === 0) return { more: false, at: await nextDue(database, channel) };
  const calls = await deps.waiting([...new Set(due.map(({ approval }) => approval))]);
  const callOf = new Map(calls.map((call) => [call.id, call]));
  const told = due.flatMap((notice): Told[] => {
    const call = callOf.get(notice.approval);
    return call === undefined ? [] : [{ notice, call }];
  });
  const gathered = told.filter(({ notice }) => notice.gathered);
  const alone = told.filter(({ notice }) => !notice.gathered).map((one) => [one]);
  const messages = gathered.length === 0 ? alone : [...alone, gathered];
  const gatheredNow = await deps.ledger.commit({
    guard: markTold(
      channel,
      due.map(({ position }) => position),
      now,
    ),
    then: messages.flatMap((group) => {
      const [first] = group;
      return first === undefined
        ? []
        : [delivery(channel, { plan: planOf(group), first: first.notice, at: now })];
    }),
    entries: [],
  });
  return { more: gatheredNow.kind === 'applied', at: undefined };
}
