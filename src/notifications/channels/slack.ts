import type { JsonObject } from '../../core/json.ts';
import type { Target } from './channel.ts';
import { type Item, itemFacts, itemLine, type Message, moreLine } from './message.ts';
import type { WebRequest } from './ports.ts';
import { forSlack } from './text.ts';

const plain = (text: string): JsonObject => ({
  type: 'section',
  text: { type: 'plain_text', text: forSlack(text), emoji: false },
});

/** Links of the gateway's own; `verbatim` keeps Slack from finding any in the rest. */
const links = (parts: readonly (readonly [text: string, url: string])[]): JsonObject => ({
  type: 'section',
  text: {
    type: 'mrkdwn',
    text: parts.map(([text, url]) => `<${forSlack(url)}|${text}>`).join('  '),
    verbatim: true,
  },
});

function itemBlocks(item: Item): JsonObject[] {
  return [
    plain(`${itemLine(item)}\n${itemFacts(item)}`),
    links([
      ['Open', item.url],
      ['Deny…', item.denyUrl],
    ]),
  ];
}

/** For an incoming webhook: what agents wrote stands in blocks of plain text, where nothing is a mention or a link. */
export function renderSlack(
  target: Extract<Target, { kind: 'slack' | 'discord' }>,
  message: Message,
): WebRequest {
  const { title, note, items, inboxUrl } = message;
  const head = note === '' ? title : `${title}\n${note}`;
  const more = moreLine(message);
  return {
    url: target.url,
    headers: {},
    body: {
      text: forSlack(title),
      mrkdwn: false,
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        plain(head),
        ...items.flatMap(itemBlocks),
        ...(more === '' ? [] : [plain(more)]),
        links([['Inbox', inboxUrl]]),
      ],
    },
  };
}
