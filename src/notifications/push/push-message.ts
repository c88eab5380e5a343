import { sha256Hex } from '../../core/digest.ts';
import { LIMITS } from '../../core/limits.ts';
import { itemFacts, itemLine, type Message, moreLine } from '../channels/message.ts';
import { inert } from '../channels/text.ts';

/** A message on its way to a push service. */
export interface PushMessage {
  /** What is encrypted: JSON of at most `LIMITS.pushMessageBytes`. */
  readonly text: string;
  /** How long the service keeps it for a device that is offline (RFC 8030 §5.2). */
  readonly ttlSeconds: number;
  /** RFC 8030 §5.3. */
  readonly urgency: 'normal' | 'high';
  /** The same for the same call, so that what was not fetched is replaced; tells the service nothing (RFC 8030 §5.4). */
  readonly topic: string;
}

const TOPIC_CHARACTERS = 32;

function onlyItem({ items, more }: Message): Message['items'][number] | undefined {
  return items.length === 1 && more === 0 ? items[0] : undefined;
}

function bodyOf(message: Message, listed: number): string {
  const { note, items } = message;
  const only = onlyItem(message);
  const lines = only === undefined ? items.slice(0, listed).map(itemLine) : [only.effect, itemFacts(only)];
  const more = only === undefined ? message.more + items.length - listed : 0;
  return [inert(note, LIMITS.pushNoteCharacters), ...lines, moreLine({ more })]
    .filter((line) => line !== '')
    .join('\n');
}

/** As many calls as fit are listed, the riskiest first. */
function textOf(message: Message, tag: string, listed = message.items.length): string {
  const { title, items, inboxUrl, risk, at } = message;
  const { pathname } = new URL(onlyItem(message)?.url ?? inboxUrl);
  const text = JSON.stringify({
    v: 1,
    tag,
    title,
    body: bodyOf(message, listed),
    url: pathname,
    risk: items.length === 0 ? null : risk,
    at,
  });
  const fits = listed === 0 || Buffer.byteLength(text) <= LIMITS.pushMessageBytes;
  return fits ? text : textOf(message, tag, listed - 1);
}

/** What a device is sent for a message. It opens a page of this gateway, and carries no link that acts. */
export function pushMessageOf(message: Message): PushMessage {
  const only = onlyItem(message);
  const tag = only === undefined ? message.id : (only.url.split('/').at(-1) ?? message.id);
  const lastsMs = Math.max(0, ...message.items.map(({ until }) => Date.parse(until) - message.at));
  const ttlMs = Math.min(Math.max(lastsMs, LIMITS.pushTtlMinMs), LIMITS.pushTtlMaxMs);
  return {
    text: textOf(message, tag),
    ttlSeconds: Math.floor(ttlMs / 1_000),
    urgency: message.risk === 'high' || message.risk === 'critical' ? 'high' : 'normal',
    topic: sha256Hex(tag).slice(0, TOPIC_CHARACTERS),
  };
}
