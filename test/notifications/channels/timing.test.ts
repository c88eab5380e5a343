import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/core/limits.ts';
import { afterQuiet, type QuietHours } from '../../../src/notifications/channels/quiet-hours.ts';
import { reminderOf, timingOf } from '../../../src/notifications/channels/timing.ts';

const M = 60_000;
const at = (text: string): number => Date.parse(text);
const hours = (from: number, to: number, zone: string): QuietHours => ({
  fromMinute: from * 60,
  toMinute: to * 60,
  zone,
});
const NIGHT = hours(22, 7, 'Europe/Berlin');

describe('quiet hours', () => {
  it.each([
    ['before they begin', '2026-01-10T20:59:59Z', '2026-01-10T20:59:59Z'],
    ['as they begin', '2026-01-10T21:00:00Z', '2026-01-11T06:00:00Z'],
    ['after midnight', '2026-01-11T03:20:40Z', '2026-01-11T06:00:00Z'],
    ['in their last second', '2026-01-11T05:59:59Z', '2026-01-11T06:00:00Z'],
    ['as they end', '2026-01-11T06:00:00Z', '2026-01-11T06:00:00Z'],
    ['in summer', '2026-07-10T21:00:00Z', '2026-07-11T05:00:00Z'],
    ['while clocks go forward', '2026-03-28T22:00:00Z', '2026-03-29T05:00:00Z'],
    ['while clocks go back', '2026-10-24T22:00:00Z', '2026-10-25T06:00:00Z'],
  ])('over midnight in Berlin, %s: %s is told at %s', (_when, given, told) => {
    expect(new Date(afterQuiet(NIGHT, at(given))).toISOString()).toBe(new Date(told).toISOString());
  });

  it('within a day are over on the same day, in a zone of half hours too', () => {
    const lunch = hours(12, 13, 'Asia/Kolkata');
    expect(afterQuiet(lunch, at('2026-01-10T06:45:00Z'))).toBe(at('2026-01-10T07:30:00Z'));
    expect(afterQuiet(lunch, at('2026-01-10T12:30:00Z'))).toBe(at('2026-01-10T12:30:00Z'));
  });

  it('whose end is skipped by the clocks end all the same', () => {
    const quiet: QuietHours = { fromMinute: 60, toMinute: 150, zone: 'Europe/Berlin' };
    const end = afterQuiet(quiet, at('2026-03-29T00:30:00Z'));
    expect(new Date(end).toISOString()).toBe('2026-03-29T01:30:00.000Z');
  });

  it('that nobody asked for change nothing', () => {
    expect(afterQuiet(undefined, 7)).toBe(7);
  });
});

describe('the time of a message', () => {
  const now = at('2026-01-10T23:00:00Z');
  const morning = at('2026-01-11T06:00:00Z');
  const channel = { digestMs: 0, quiet: undefined, perAgent: 3 };
  const about = { risk: 'high', now, told: 0, openDue: undefined } as const;

  it('is now, alone, unless something else was asked for', () => {
    expect(timingOf(channel, about)).toEqual({ dueAt: now, gathered: false });
  });

  it('is the end of quiet hours, together with the rest, and now for what is critical', () => {
    const quiet = { ...channel, quiet: NIGHT };
    expect(timingOf(quiet, about)).toEqual({ dueAt: morning, gathered: true });
    expect(timingOf(quiet, { ...about, risk: 'critical' })).toEqual({ dueAt: now, gathered: false });
  });

  it('is that of the digest, with what is being gathered already', () => {
    const digest = { ...channel, digestMs: 15 * M };
    expect(timingOf(digest, about)).toEqual({ dueAt: now + 15 * M, gathered: true });
    expect(timingOf(digest, { ...about, openDue: now + M })).toEqual({ dueAt: now + M, gathered: true });
  });

  it('is later once the agent was told of often enough, however critical, and never waits for a morning', () => {
    const flooded = { ...about, told: 3, risk: 'critical', openDue: morning } as const;
    const dueAt = now + LIMITS.channelAgentWindowMs;
    expect(timingOf({ ...channel, quiet: NIGHT }, flooded)).toEqual({ dueAt, gathered: true });
    expect(timingOf(channel, { ...about, told: 2 }).gathered).toBe(false);
  });
});

describe('the time of a reminder', () => {
  const now = at('2026-01-10T12:00:00Z');
  const channel = { quiet: undefined, remindMs: 5 * M };
  const about = { risk: 'high', now, expiresAt: now + 10 * M + 30_000 } as const;

  it('is so long before the end, to the full minute', () => {
    expect(reminderOf(channel, about)).toEqual({ dueAt: now + 5 * M, gathered: true });
  });

  it('is none that was not asked for, has passed, or falls into quiet hours to the end', () => {
    expect(reminderOf({ ...channel, remindMs: undefined }, about)).toBeUndefined();
    expect(reminderOf(channel, { ...about, expiresAt: now + 5 * M })).toBeUndefined();
    const quiet = { ...channel, quiet: hours(12, 20, 'UTC') };
    expect(reminderOf(quiet, about)).toBeUndefined();
    expect(reminderOf(quiet, { ...about, risk: 'critical' })).toBeDefined();
  });
});
