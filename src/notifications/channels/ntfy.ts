import type { Target } from './channel.ts';
import { itemFacts, itemLine, type Message, moreLine } from './message.ts';
import type { WebRequest } from './ports.ts';

/**
 * Publishes as JSON (ntfy, "Publish as JSON"), so that no text ever stands in a header. The buttons open pages; ntfy's
 * buttons that send requests are not used.
 */
export function renderNtfy(target: Extract<Target, { kind: 'ntfy' }>, message: Message): WebRequest {
  const { title, note, items, inboxUrl, risk } = message;
  const only = items.length === 1 && message.more === 0 ? items[0] : undefined;
  const lines = items.flatMap((item) => [itemLine(item), itemFacts(item)]);
  const open = only?.url ?? inboxUrl;
  const view = (label: string, url: string) => ({ action: 'view', label, url });
  const actions =
    only === undefined ? [view('Inbox', open)] : [view('Open', open), view('Deny…', only.denyUrl)];
  const body = {
    topic: target.topic,
    title,
    message: [note, ...lines, moreLine(message)].filter((line) => line !== '').join('\n'),
    priority: target.priority[risk],
    click: open,
    actions,
  };
  const { token } = target;
  return { url: target.url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` }, body };
}
