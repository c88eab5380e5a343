import type { Target } from './channel.ts';
import { type Item, itemFacts, itemLine, type Message, moreLine } from './message.ts';
import type { WebRequest } from './ports.ts';
import { forMarkdown } from './text.ts';

function itemText(item: Item): string {
  const links = `[Open](<${item.url}>) · [Deny…](<${item.denyUrl}>)`;
  return `${forMarkdown(itemLine(item))}\n${forMarkdown(itemFacts(item))}\n${links}`;
}

/** What Discord takes of one description (Discord, "Embed limits"), less what stands around the calls. */
const CHARACTERS = 3_900;

/** As many of the texts, from the first on, as fit. */
function fitting(texts: readonly string[]): readonly string[] {
  let left = CHARACTERS;
  const most = texts.findIndex((text) => {
    left -= text.length + 2;
    return left < 0;
  });
  return most === -1 ? texts : texts.slice(0, most);
}

/** For a webhook: an embed in which only the gateway's own links are links, and nobody is mentioned whatever it says. */
export function renderDiscord(
  target: Extract<Target, { kind: 'slack' | 'discord' }>,
  message: Message,
): WebRequest {
  const { title, note, items, inboxUrl } = message;
  const texts = fitting([forMarkdown(note), ...items.map(itemText)]);
  const more = message.more + items.length + 1 - texts.length;
  const parts = [...texts, forMarkdown(moreLine({ more }))];
  return {
    url: target.url,
    headers: {},
    body: {
      embeds: [
        {
          title: forMarkdown(title),
          url: inboxUrl,
          description: parts.filter((part) => part !== '').join('\n\n'),
        },
      ],
      allowed_mentions: { parse: [] },
    },
  };
}
