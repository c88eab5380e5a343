import type { Channel } from '../../../sdk/channels.ts';
import { durationWords } from './time.ts';

/** `email`, `ntfy`, …, as their makers write them. */
export const CHANNEL_WORDS: Readonly<Record<Channel['type'], string>> = {
  email: 'email',
  ntfy: 'ntfy',
  slack: 'Slack',
  discord: 'Discord',
  push: 'Web Push',
};

/** What a channel is told of: `risk high or critical; tools bank/*`, `whatever waits`. */
export function whenText({ when }: Pick<Channel, 'when'>): string {
  const parts = [
    when.risk === null ? [] : [`risk ${when.risk.join(' or ')}`],
    when.groups === null ? [] : [`for the group ${when.groups.join(' or ')}`],
    when.tools === null ? [] : [`tools ${when.tools.join(' or ')}`],
  ].flat();
  return parts.length === 0 ? 'whatever waits for a person' : parts.join('; ');
}

/** How it tells: gathered, quiet at night, reminded; empty when at once and always. */
export function mannerTexts({
  digestMs,
  quiet,
  remindMs,
}: Pick<Channel, 'digestMs' | 'quiet' | 'remindMs'>): string[] {
  return [
    ...(digestMs > 0 ? [`gathers for ${durationWords(digestMs)}, all but critical`] : []),
    ...(quiet === null
      ? []
      : [`quiet from ${quiet.from} to ${quiet.to} (${quiet.zone}), for all but critical`]),
    ...(remindMs === null ? [] : [`reminds ${durationWords(remindMs)} before the end`]),
  ];
}

/** To whom Web Push leads. */
export function devicesText(devices: number): string {
  const many = devices === 1 ? '1 device' : `${devices} devices`;
  return `${many}; people add their own, and try them, under “Notifications on this device”`;
}
