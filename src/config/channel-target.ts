import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { expandText, type Lookup } from '../downstream/expand.ts';
import { checkKeys, type Path, refuse, type Source } from '../downstream/source.ts';
import type { Priorities, Target } from '../notifications/channels/channel.ts';

/** One entry of a file, with what its texts are expanded from. */
export interface Place {
  readonly source: Source;
  readonly path: Path;
  readonly entry: JsonObject;
  readonly lookup: Lookup;
}

const ADDRESS = /^[^\s@<>()[\]\\,;:"]+@[^\s@<>()[\]\\,;:"]+$/;
const TOPIC = /^[A-Za-z0-9_-]{1,64}$/;
const DEFAULT_PRIORITY: Priorities = { low: 2, medium: 3, high: 4, critical: 5 };

function textAt({ source, path, entry, lookup }: Place, key: string, expected: string): string {
  const at = [...path, key];
  const value = entry[key];
  if (value === undefined) return refuse(source, path, `expected "${key}", ${expected}`);
  if (typeof value !== 'string' || value === '') return refuse(source, at, `expected ${expected}`);
  return expandText(value, lookup, (problem) => refuse(source, at, problem));
}

function urlAt(place: Place, key: string, about: { schemes: readonly string[]; expected: string }): URL {
  const { schemes, expected } = about;
  const text = textAt(place, key, expected);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The value may be a secret and is not repeated.
  if (url === undefined || !schemes.includes(url.protocol) || url.hostname === '')
    return refuse(place.source, [...place.path, key], `expected ${expected}`);
  return url;
}

function addressAt(place: Place, at: Path, value: JsonValue | undefined): string {
  const { source, lookup } = place;
  const fail = (problem: string): never => refuse(source, at, problem);
  const text = typeof value === 'string' ? expandText(value, lookup, fail) : '';
  return ADDRESS.test(text) ? text : fail('expected a mail address such as "oncall@example.com"');
}

function receiversAt(place: Place): readonly string[] {
  const { source, path, entry } = place;
  const at = [...path, 'to'];
  const list = Array.isArray(entry.to) ? entry.to : [entry.to ?? null];
  if (list.length === 0 || list.length > LIMITS.channelReceivers)
    return refuse(source, at, `expected 1 to ${LIMITS.channelReceivers} mail addresses`);
  return list.map((one, index) => addressAt(place, Array.isArray(entry.to) ? [...at, index] : at, one));
}

const SMTP = 'the address of a mail server such as "smtps://user:password@smtp.example.com"';

function emailAt(place: Place): Target {
  const { source, path, entry } = place;
  const { allow_plaintext: plaintext = false } = entry;
  if (typeof plaintext !== 'boolean')
    return refuse(source, [...path, 'allow_plaintext'], 'expected true or false');
  return {
    kind: 'email',
    smtp: urlAt(place, 'smtp', { schemes: ['smtp:', 'smtps:'], expected: SMTP }).href,
    from: addressAt(place, [...path, 'from'], entry.from),
    to: receiversAt(place),
    allowPlaintext: plaintext,
  };
}

function priorityAt({ source, path, entry }: Place): Priorities {
  const at = [...path, 'priority'];
  const given = entry.priority ?? {};
  if (!isJsonObject(given)) return refuse(source, at, 'expected a number for each risk');
  checkKeys(source, at, given, Object.keys(DEFAULT_PRIORITY));
  for (const [risk, value] of Object.entries(given)) {
    const isPriority = typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 5;
    if (!isPriority) refuse(source, [...at, risk], 'expected a priority of ntfy, from 1 to 5');
  }
  return { ...DEFAULT_PRIORITY, ...(given as Partial<Priorities>) };
}

function ntfyAt(place: Place): Target {
  const expected = 'the address of a topic such as "https://ntfy.sh/my-topic"';
  const url = urlAt(place, 'url', { schemes: ['https:', 'http:'], expected });
  const topic = url.pathname.split('/').at(-1) ?? '';
  if (!TOPIC.test(topic) || `${url.search}${url.hash}${url.username}` !== '')
    return refuse(place.source, [...place.path, 'url'], `expected ${expected}`);
  const token = place.entry.token === undefined ? undefined : textAt(place, 'token', 'an access token');
  return {
    kind: 'ntfy',
    url: new URL('.', url).href,
    topic,
    token,
    priority: priorityAt(place),
  };
}

function hookAt(place: Place, kind: 'slack' | 'discord'): Target {
  const expected = `the address of an incoming webhook of ${kind}`;
  return { kind, url: urlAt(place, 'url', { schemes: ['https:', 'http:'], expected }).href };
}

const CONTACT = 'an address such as "mailto:oncall@example.com" or "https://example.com/contact"';

function pushAt(place: Place): Target {
  if (place.entry.contact === undefined) return { kind: 'push', contact: undefined };
  const expected = CONTACT;
  const text = textAt(place, 'contact', expected);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isMail = url?.protocol === 'mailto:' && ADDRESS.test(url.pathname);
  // Push services refuse what names this machine.
  const isPage = url?.protocol === 'https:' && url.hostname !== 'localhost';
  return isMail || isPage
    ? { kind: 'push', contact: url.href }
    : refuse(place.source, [...place.path, 'contact'], `expected ${expected}`);
}

/** The members that each kind takes beside those of every channel. */
export const TARGET_KEYS: Readonly<Record<Target['kind'], readonly string[]>> = {
  email: ['smtp', 'from', 'to', 'allow_plaintext'],
  ntfy: ['url', 'token', 'priority'],
  slack: ['url'],
  discord: ['url'],
  push: ['contact'],
};

/** Where a channel sends. Throws `config_invalid` with file and line; no refusal repeats a secret. */
export function targetAt(place: Place, kind: Target['kind']): Target {
  if (kind === 'email') return emailAt(place);
  if (kind === 'push') return pushAt(place);
  return kind === 'ntfy' ? ntfyAt(place) : hookAt(place, kind);
}
