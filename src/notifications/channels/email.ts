import type { Target } from './channel.ts';
import { type Item, itemFacts, itemLine, type Message, moreLine } from './message.ts';
import type { Letter } from './ports.ts';
import { forHtml } from './text.ts';

const WHY = 'Sent by Countersign. These links show the call; deciding takes your passkey.';

function itemText(item: Item): string {
  return `${itemLine(item)}\n${itemFacts(item)}\nOpen: ${item.url}\nDeny: ${item.denyUrl}\n`;
}

const link = (href: string, text: string): string => `<a href="${forHtml(href)}">${forHtml(text)}</a>`;

function itemHtml(item: Item): string {
  const { risk, what, effect } = item;
  return [
    `<p><b>${forHtml(risk)}</b> ${forHtml(what)}<br>`,
    `<code>${forHtml(effect)}</code><br>`,
    `${forHtml(itemFacts(item))}<br>`,
    `${link(item.url, 'Open')} &middot; ${link(item.denyUrl, 'Deny…')}</p>`,
  ].join('');
}

/** A letter with the same words as text and as HTML, which loads nothing. */
export function renderEmail(target: Extract<Target, { kind: 'email' }>, message: Message): Letter {
  const { title, note, items, inboxUrl } = message;
  const more = moreLine(message);
  const texts = [title, note, ...items.map(itemText), more, `Inbox: ${inboxUrl}`, WHY];
  const html = [
    `<h3>${forHtml(title)}</h3>`,
    note === '' ? '' : `<p>${forHtml(note)}</p>`,
    ...items.map(itemHtml),
    more === '' ? '' : `<p>${forHtml(more)}</p>`,
    `<p>${link(inboxUrl, 'Inbox')}</p><p><small>${forHtml(WHY)}</small></p>`,
  ];
  return {
    smtp: target.smtp,
    allowPlaintext: target.allowPlaintext,
    from: target.from,
    to: target.to,
    messageId: `${message.id}@${new URL(inboxUrl).hostname}`,
    subject: `[Countersign] ${title}`,
    text: texts.filter((part) => part !== '').join('\n\n'),
    html: `<!doctype html><meta charset="utf-8">${html.join('')}`,
    date: message.at,
  };
}
