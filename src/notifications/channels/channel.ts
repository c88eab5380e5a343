import { matchGlob } from '../../core/glob.ts';
import type { Risk } from '../../policy/verdict.ts';
import type { QuietHours } from './quiet-hours.ts';

export type Priorities = Readonly<Record<Risk, number>>;

/** Where messages go, with the secrets that it takes. */
export type Target =
  | {
      readonly kind: 'email';
      /** `smtp://` or `smtps://`, with user and password where the server asks for them. */
      readonly smtp: string;
      readonly from: string;
      readonly to: readonly string[];
      /** The operator accepts a connection without TLS. */
      readonly allowPlaintext: boolean;
    }
  | {
      readonly kind: 'ntfy';
      /** The server, without the topic. */
      readonly url: string;
      readonly topic: string;
      readonly token: string | undefined;
      /** 1 to 5. */
      readonly priority: Priorities;
    }
  | { readonly kind: 'slack' | 'discord'; readonly url: string }
  | {
      /** The devices that people add; where these are told is theirs to say. */
      readonly kind: 'push';
      /** Whom a push service may turn to, `mailto:` or `https:` (RFC 8292 §2.1); the gateway's origin when undefined. */
      readonly contact: string | undefined;
    };

export type ChannelKind = Target['kind'];

export const CHANNEL_KINDS: readonly ChannelKind[] = ['email', 'ntfy', 'slack', 'discord', 'push'];

/** What a channel is told of; an absent member asks for nothing, and all that are there must hold. */
export interface When {
  readonly risk?: readonly Risk[] | undefined;
  readonly groups?: readonly string[] | undefined;
  /** Patterns of `server/tool`, and of the names of actions. */
  readonly tools?: readonly string[] | undefined;
}

/** Of what and when somebody is told. */
export interface ChannelTerms {
  readonly when: When;
  /** How long what is not critical is gathered into one message; 0: told at once. */
  readonly digestMs: number;
  readonly quiet: QuietHours | undefined;
  /** So many requests of one agent and risk are told one by one within `LIMITS.channelAgentWindowMs`. */
  readonly perAgent: number;
  /** How long before it expires what still waits is told again; undefined: it is not. */
  readonly remindMs: number | undefined;
}

/** One way to tell people that something waits for them. */
export interface Channel extends ChannelTerms {
  readonly name: string;
  readonly target: Target;
}

/** A channel with one place that its messages are carried to. */
export interface CarriedChannel extends Channel {
  readonly target: Exclude<Target, { kind: 'push' }>;
}

export function isCarried(channel: Channel): channel is CarriedChannel {
  return channel.target.kind !== 'push';
}

/** A call or an action that waits for a decision. Its texts may have been written by an agent. */
export interface WaitingCall {
  /** `apr_…`. */
  readonly id: string;
  /** `server/tool`, or the action's name and resource. */
  readonly what: string;
  /** What patterns are matched with: `server/tool`, or the action's name. */
  readonly pattern: string;
  readonly risk: Risk;
  /** On whose behalf the agent acts; the actor of an action. */
  readonly agent: string;
  /** Whose requests are counted together: nobody chooses it for a request of their own. */
  readonly source: string;
  /** The line that the inbox shows, without what policy redacts. */
  readonly effect: string;
  /** Who may decide from the start; empty: every approver. */
  readonly groups: readonly string[];
  /** Epoch milliseconds. */
  readonly requestedAt: number;
  readonly expiresAt: number;
}

const overlap = (a: readonly string[], b: readonly string[]): boolean => a.some((one) => b.includes(one));

/** True when a channel is to be told of a call which these groups may decide, or everyone when there are none. */
export function concerns(
  { when }: Pick<ChannelTerms, 'when'>,
  call: WaitingCall,
  groups: readonly string[],
): boolean {
  if (when.risk !== undefined && !when.risk.includes(call.risk)) return false;
  const mayDecide = groups.length === 0 || when.groups === undefined || overlap(when.groups, groups);
  if (!mayDecide) return false;
  return when.tools === undefined || when.tools.some((pattern) => matchGlob(pattern, call.pattern));
}

/** Under which a channel's place in the ledger and its deliveries are kept. */
export function channelId(at: { workspace: string; name: string }): string {
  return `channel:${at.workspace}/${at.name}`;
}
