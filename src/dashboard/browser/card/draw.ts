import { escapeText, piecesOf } from '../model/escape.ts';
import { utc } from '../model/time.ts';
import type { Status } from './status.ts';
import { countdown, quorumLine, wordsFor } from './words.ts';

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  options: { className?: string; text?: string; children?: readonly (Node | string)[] } = {},
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (options.className !== undefined) made.className = options.className;
  if (options.text !== undefined) made.textContent = options.text;
  made.append(...(options.children ?? []));
  return made;
}

/** Text that others wrote, as text nodes: what hides or reorders is spelt out, and set off where it stands. */
function foreign(text: string): HTMLElement {
  const pieces = piecesOf(escapeText(text, true));
  const shown = pieces.map((one) =>
    one.escaped ? element('span', { className: 'escape', text: one.text }) : one.text,
  );
  return element('bdi', { children: shown });
}

function fact(name: string, value: Node | string): readonly HTMLElement[] {
  return [element('dt', { text: name }), element('dd', { children: [value] })];
}

function quoted(author: string, text: string | undefined): readonly HTMLElement[] {
  if (text === undefined || text === '') return [];
  const label = element('figcaption', { text: author });
  return [element('figure', { children: [label, element('blockquote', { children: [foreign(text)] })] })];
}

/** What the card does besides showing. */
export interface Actions {
  /** Absent where the host opens no links; the address stands there as text either way. */
  readonly openPage: (() => void) | undefined;
}

function page(status: Status, { openPage }: Actions): HTMLElement {
  const children: HTMLElement[] = [];
  if (openPage !== undefined) {
    const button = element('button', { text: 'Open the approval’s page' });
    button.type = 'button';
    button.addEventListener('click', openPage);
    children.push(button);
  }
  children.push(element('p', { className: 'address', children: [foreign(status.approveUrl)] }));
  const note = 'This card cannot decide. Only a person with a passkey can, on that page.';
  children.push(element('p', { className: 'note', text: note }));
  return element('div', { className: 'page', children });
}

/** One line of the card's own words, before anything is known or when nothing is. */
export function drawLine(root: HTMLElement, text: string): void {
  root.className = 'line';
  root.replaceChildren(element('p', { text }));
}

/** The whole card. `leftMs` is what is left of the time to decide, `trouble` why this may be out of date. */
export function drawStatus(
  root: HTMLElement,
  status: Status,
  shown: Actions & { leftMs: number; trouble: string | undefined },
): void {
  const { tone, title, detail } = wordsFor(status.state);
  const isPending = status.state === 'pending';
  const quorum = isPending ? quorumLine(status) : undefined;
  const heading = element('h1', { text: title });
  const head = element('header', { children: [element('span', { className: 'dot' }), heading] });
  if (isPending) {
    const clock = element('time', { className: 'countdown', text: countdown(shown.leftMs) });
    clock.dateTime = status.expiresAt;
    clock.title = utc(status.expiresAt);
    head.append(clock);
  }
  const facts = element('dl', {
    children: [
      ...fact('Tool', foreign(status.tool)),
      ...fact('Server', foreign(status.server)),
      ...fact('Risk', element('span', { className: `risk ${status.risk}`, text: status.risk })),
      ...(quorum === undefined ? [] : fact('Approvals', quorum)),
    ],
  });
  root.className = tone;
  root.replaceChildren(
    head,
    element('p', { className: 'detail', text: detail }),
    facts,
    ...quoted('Why policy asks', status.reason),
    ...quoted('The person wrote', status.decisionReason),
    ...quoted('The gateway noted', status.stateReason),
    ...(isPending ? [page(status, shown)] : []),
    ...(shown.trouble === undefined ? [] : [element('p', { className: 'trouble', text: shown.trouble })]),
  );
}

/** Only the countdown, so that a second's tick moves neither focus nor selection. */
export function drawCountdown(root: HTMLElement, leftMs: number): void {
  const clock = root.querySelector('.countdown');
  if (clock !== null) clock.textContent = countdown(leftMs);
}
