import { toRfc3339 } from '../../core/clock.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Risk } from '../../policy/verdict.ts';
import type { WaitingCall } from './channel.ts';
import { inert } from './text.ts';

/** Why something is told: it was asked for, more people may decide now, or it is about to expire. */
export type Cause = 'requested' | 'escalated' | 'reminder';

export const CAUSES: readonly Cause[] = ['requested', 'escalated', 'reminder'];

/** What a delivery keeps of its message: ids, and words of the gateway's own. What they stand for is read when it is sent. */
export interface MessagePlan {
  readonly cause: Cause;
  /** Beside the cause, such as which groups may decide now; '' for nothing. */
  readonly note: string;
  readonly approvals: readonly string[];
  /** How many more there were. */
  readonly more: number;
}

/** One call of a message. All texts are inert ASCII; how they are quoted is the medium's. */
export interface Item {
  readonly risk: Risk;
  readonly what: string;
  readonly effect: string;
  readonly agent: string;
  /** RFC 3339. */
  readonly until: string;
  /** Where a person decides, and the same with the dialog to deny opened. */
  readonly url: string;
  readonly denyUrl: string;
}

/** Links and what they lead to; nothing in it decides anything. */
export interface Message {
  /** The same for every attempt. */
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly items: readonly Item[];
  /** How many are not listed. */
  readonly more: number;
  readonly inboxUrl: string;
  /** The highest there is; `low` for a test. */
  readonly risk: Risk;
  readonly at: number;
}

const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];

const rank = ({ risk }: { risk: Risk }): number => RISKS.indexOf(risk);

/** The riskiest first, and the oldest of one risk. */
export function byRisk<T extends { readonly risk: Risk; readonly requestedAt: number }>(
  calls: readonly T[],
): T[] {
  return calls.toSorted((a, b) => rank(b) - rank(a) || a.requestedAt - b.requestedAt);
}

const ENDINGS: Readonly<Record<Cause, string>> = {
  requested: 'waits for a decision',
  escalated: 'still waits for a decision',
  reminder: 'is about to expire',
};

function titleOf(plan: MessagePlan, first: Item, count: number): string {
  if (count > 1) return `${count} calls wait for a decision, up to ${first.risk} risk`;
  return `${first.risk} risk: ${first.what} ${ENDINGS[plan.cause]}`;
}

/** The message of a plan, about those of its calls that still wait; undefined when none does. */
export function composeMessage(
  plan: MessagePlan,
  about: {
    id: string;
    origin: string;
    calls: readonly WaitingCall[];
    denyLink: (approval: string) => string;
    now: number;
  },
): Message | undefined {
  const { id, origin, calls, denyLink, now } = about;
  const items = byRisk(calls).map(
    (call): Item => ({
      risk: call.risk,
      what: inert(call.what, LIMITS.channelNameCharacters),
      effect: inert(call.effect, LIMITS.channelEffectCharacters),
      agent: inert(call.agent, LIMITS.channelNameCharacters),
      until: toRfc3339(call.expiresAt),
      url: `${origin}/approvals/${call.id}`,
      denyUrl: denyLink(call.id),
    }),
  );
  const [first] = items;
  if (first === undefined) return undefined;
  return {
    id,
    title: titleOf(plan, first, items.length + plan.more),
    note: plan.note,
    items,
    more: plan.more,
    inboxUrl: `${origin}/`,
    risk: first.risk,
    at: now,
  };
}

/** A message that tells of nothing. */
export function testMessage(about: { id: string; origin: string; title: string; now: number }): Message {
  return {
    id: about.id,
    title: about.title,
    note: 'Messages like this one tell when a call waits for a decision. Nothing waits because of it.',
    items: [],
    more: 0,
    inboxUrl: `${about.origin}/`,
    risk: 'low',
    at: about.now,
  };
}

/** One call in a line. */
export function itemLine({ risk, what, effect }: Item): string {
  return `[${risk}] ${what} - ${effect}`;
}

/** For whom, and until when. */
export function itemFacts({ agent, until }: Item): string {
  return `for ${agent}, until ${until}`;
}

/** What is left out, in words; '' when nothing is. */
export function moreLine({ more }: Pick<Message, 'more'>): string {
  return more === 0 ? '' : `and ${more} more in the inbox`;
}
