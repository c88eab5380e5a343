import { LIMITS } from '../../core/limits.ts';
import type { Risk } from '../../policy/verdict.ts';
import type { ChannelTerms } from './channel.ts';
import { afterQuiet } from './quiet-hours.ts';

/** When something is told; `gathered`: in one message with all else that is due then. Epoch milliseconds. */
export interface Timing {
  readonly dueAt: number;
  readonly gathered: boolean;
}

/**
 * When a request is told. At once, unless the channel gathers, its quiet hours hold, or the same agent was told of too often
 * with this risk; what is critical waits only for the last of these, so that nothing hides it for long and nobody
 * drowns people in it. `openDue` is when what is being gathered already is due.
 */
export function timingOf(
  channel: Pick<ChannelTerms, 'digestMs' | 'quiet' | 'perAgent'>,
  about: { risk: Risk; now: number; told: number; openDue: number | undefined },
): Timing {
  const { risk, now, told, openDue } = about;
  const critical = risk === 'critical';
  const flood = told >= channel.perAgent ? LIMITS.channelAgentWindowMs : 0;
  const waitMs = Math.max(flood, critical ? 0 : channel.digestMs);
  const at = waitMs === 0 ? now : Math.min(openDue ?? Number.POSITIVE_INFINITY, now + waitMs);
  const dueAt = critical ? at : afterQuiet(channel.quiet, at);
  return { dueAt, gathered: dueAt > now };
}

const MINUTE_MS = 60_000;

/** When what still waits is told again, to the minute so that many come together; undefined when it is too late. */
export function reminderOf(
  channel: Pick<ChannelTerms, 'quiet' | 'remindMs'>,
  about: { risk: Risk; now: number; expiresAt: number },
): Timing | undefined {
  if (channel.remindMs === undefined) return undefined;
  const at = Math.floor((about.expiresAt - channel.remindMs) / MINUTE_MS) * MINUTE_MS;
  if (at <= about.now) return undefined;
  const dueAt = about.risk === 'critical' ? at : afterQuiet(channel.quiet, at);
  return dueAt < about.expiresAt ? { dueAt, gathered: true } : undefined;
}
