import { isJsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Lookup } from '../downstream/expand.ts';
import { checkKeys, type Path, refuse, type Source } from '../downstream/source.ts';
import {
  CHANNEL_KINDS,
  type Channel,
  type ChannelKind,
  type When,
} from '../notifications/channels/channel.ts';
import type { QuietHours } from '../notifications/channels/quiet-hours.ts';
import type { Risk } from '../policy/verdict.ts';
import { type Place, TARGET_KEYS, targetAt } from './channel-target.ts';
import { readDuration } from './settings.ts';

const KEYS = ['type', 'when', 'digest', 'quiet', 'per_agent', 'remind'];
const RISKS: readonly Risk[] = ['low', 'medium', 'high', 'critical'];
const NAME = /^[A-Za-z0-9_-]{1,40}$/;
const TIME = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;

function kindAt({ source, path, entry }: Place): ChannelKind {
  const given = entry.type ?? path.at(-1);
  const kind = CHANNEL_KINDS.find((one) => one === given);
  if (kind !== undefined) return kind;
  const expected = CHANNEL_KINDS.join(', ');
  return entry.type === undefined
    ? refuse(source, path, `expected "type", one of ${expected}`)
    : refuse(source, [...path, 'type'], `expected one of ${expected}`);
}

function listAt(source: Source, path: Path, value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const list = Array.isArray(value) ? value : [value];
  const isList = list.length > 0 && list.length <= LIMITS.channelPatterns;
  if (!isList || !list.every((one) => typeof one === 'string' && one !== ''))
    return refuse(source, path, `expected a list of 1 to ${LIMITS.channelPatterns} texts`);
  return list as string[];
}

function whenAt({ source, path, entry }: Place): When {
  const at = [...path, 'when'];
  const when = entry.when ?? {};
  if (!isJsonObject(when)) return refuse(source, at, 'expected an object with risk, groups or tools');
  checkKeys(source, at, when, ['risk', 'groups', 'tools']);
  const risk = listAt(source, [...at, 'risk'], when.risk);
  if (risk?.some((one) => !RISKS.includes(one as Risk)))
    refuse(source, [...at, 'risk'], `expected some of ${RISKS.join(', ')}`);
  return {
    risk: risk as readonly Risk[] | undefined,
    groups: listAt(source, [...at, 'groups'], when.groups),
    tools: listAt(source, [...at, 'tools'], when.tools),
  };
}

function durationAt({ source, path, entry }: Place, key: string): number | undefined {
  if (entry[key] === undefined) return undefined;
  const ms = readDuration(entry[key]);
  if (ms >= LIMITS.channelDurationMinMs && ms <= LIMITS.channelDurationMaxMs) return ms;
  return refuse(source, [...path, key], 'expected a time such as "15m", between 30 seconds and 24 hours');
}

function minuteAt(source: Source, path: Path, value: JsonValue | undefined): number {
  const match = TIME.exec(String(value));
  return match === null
    ? refuse(source, path, 'expected a time of day in quotes such as "22:00"')
    : Number(match[1]) * 60 + Number(match[2]);
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function quietAt({ source, path, entry }: Place): QuietHours | undefined {
  const at = [...path, 'quiet'];
  const { quiet } = entry;
  if (quiet === undefined) return undefined;
  if (!isJsonObject(quiet)) return refuse(source, at, 'expected an object with from, to and zone');
  checkKeys(source, at, quiet, ['from', 'to', 'zone']);
  const fromMinute = minuteAt(source, [...at, 'from'], quiet.from);
  const toMinute = minuteAt(source, [...at, 'to'], quiet.to);
  if (fromMinute === toMinute) refuse(source, [...at, 'to'], 'expected another time than "from"');
  const { zone } = quiet;
  if (typeof zone !== 'string' || !isZone(zone))
    return refuse(source, [...at, 'zone'], 'expected a time zone such as "Europe/Berlin" or "UTC"');
  return { fromMinute, toMinute, zone };
}

function perAgentAt({ source, path, entry }: Place): number {
  const { per_agent: given = LIMITS.channelPerAgentDefault } = entry;
  const isCount = typeof given === 'number' && Number.isInteger(given);
  return isCount && given >= 1 && given <= LIMITS.channelPerAgentMax
    ? given
    : refuse(source, [...path, 'per_agent'], `expected a number from 1 to ${LIMITS.channelPerAgentMax}`);
}

function channelAt(source: Source, name: string, lookup: Lookup): Channel {
  const path = ['channels', name];
  if (!NAME.test(name)) refuse(source, path, 'expected a name of at most 40 characters of A-Z a-z 0-9 _ -');
  const entry = source.valueAt(path);
  if (!isJsonObject(entry)) return refuse(source, path, 'expected an object with the members of a channel');
  const place = { source, path, entry, lookup };
  const kind = kindAt(place);
  checkKeys(source, path, entry, [...KEYS, ...TARGET_KEYS[kind]]);
  return {
    name,
    target: targetAt(place, kind),
    when: whenAt(place),
    digestMs: durationAt(place, 'digest') ?? 0,
    quiet: quietAt(place),
    perAgent: perAgentAt(place),
    remindMs: durationAt(place, 'remind'),
  };
}

/** The channel that is there without configuration; nobody is told by it who has not added a device. */
const PUSH: Channel = {
  name: 'push',
  target: { kind: 'push', contact: undefined },
  when: {},
  digestMs: 0,
  quiet: undefined,
  perAgent: LIMITS.channelPerAgentDefault,
  remindMs: undefined,
};

const isPush = ({ target }: Channel): boolean => target.kind === 'push';

/**
 * The channels under `channels`, by name; the type may be left out where the name is one. One tells people's devices,
 * whether it stands there or not, unless it says `push: false`. Throws `config_invalid` with file and line for the first
 * that is wrong.
 */
export function channelsFrom(source: Source | undefined, lookup: Lookup): readonly Channel[] {
  const entries = source?.valueAt(['channels']) ?? {};
  if (source === undefined) return [PUSH];
  const names = isJsonObject(entries) ? Object.keys(entries) : [];
  if (!isJsonObject(entries) || names.length > LIMITS.channels)
    return refuse(source, ['channels'], `expected an object of at most ${LIMITS.channels} channels by name`);
  const isOff = entries[PUSH.name] === false;
  const channels = names
    .filter((name) => !(isOff && name === PUSH.name))
    .map((name) => channelAt(source, name, lookup));
  const [first, second] = channels.filter(isPush);
  if (second !== undefined)
    return refuse(source, ['channels', second.name], 'expected one channel of the type push at most');
  const other = channels.find((one) => one.name === PUSH.name && !isPush(one));
  if (other !== undefined)
    return refuse(
      source,
      ['channels', other.name],
      'expected another name: push is for people’s own devices',
    );
  return isOff || first !== undefined ? channels : [...channels, PUSH];
}
