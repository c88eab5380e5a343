import type { CDPSession, Page } from 'playwright-core';
import { type AxNode, type AxPlace, linesOf, spokenNode } from './ax-words.ts';

/** What a live region said: `urgent` interrupts what is being read. */
export interface Announcement {
  readonly text: string;
  readonly urgent: boolean;
}

/** A page as a screen reader has it: out of the accessibility tree that Chromium gives to one. */
export interface Reader {
  /** All that is read from top to end, a line for each stop. */
  read(): Promise<readonly string[]>;
  /** What is read within the landmark, dialog, list or table of this name. */
  readIn(name: string): Promise<readonly string[]>;
  headings(): Promise<readonly string[]>;
  landmarks(): Promise<readonly string[]>;
  /** Links, buttons and fields, in the order of reading. */
  controls(): Promise<readonly string[]>;
  /** What is spoken for the element that has the focus; empty when none has. */
  focused(): Promise<string>;
  /** What live regions have said so far, in order. */
  announced(): Promise<readonly Announcement[]>;
}

/**
 * Notes what changes within live regions, as text that is computed without what is hidden from readers. A region that comes
 * up whole says all of it; one that stood there says what was added. What is behind a modal dialog is heard by nobody.
 */
const LISTEN = `(() => {
  const said = [];
  window.announcedSoFar = said;
  const LIVE = '[role=status], [role=alert], [aria-live=polite], [aria-live=assertive]';
  const isHidden = (element) => element.closest('[aria-hidden=true], [hidden], [inert]') !== null;
  const isMuted = (element) => {
    const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
    return dialog !== undefined && !dialog.contains(element);
  };
  const textOf = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (!(node instanceof Element) || isHidden(node)) return '';
    if (getComputedStyle(node).display === 'none') return '';
    const inner = [...node.childNodes].map(textOf).join('');
    return getComputedStyle(node).display === 'inline' ? inner : ' ' + inner + ' ';
  };
  const say = (region, node) => {
    const element = node instanceof Element ? node : node.parentElement;
    if (element === null || isHidden(element) || isMuted(region)) return;
    const text = textOf(node).replace(/\\s+/g, ' ').trim();
    const urgent = region.matches('[role=alert], [aria-live=assertive]');
    if (text !== '') said.push({ text, urgent });
  };
  new MutationObserver((changes) => {
    const heard = new Set();
    const hear = (region, node) => {
      if (heard.has(node) || !node.isConnected) return;
      heard.add(node);
      say(region, node);
    };
    for (const change of changes) {
      const near = change.target instanceof Element ? change.target : change.target.parentElement;
      const region = near?.closest(LIVE);
      if (change.type === 'characterData') {
        if (region) hear(region, change.target);
        continue;
      }
      for (const node of change.addedNodes) {
        if (region) hear(region, node);
        else if (node instanceof Element) {
          if (node.matches(LIVE)) hear(node, node);
          for (const inner of node.querySelectorAll(LIVE)) hear(inner, inner);
        }
      }
    }
  }).observe(document, { childList: true, characterData: true, subtree: true });
})()`;

interface DomNode {
  readonly backendNodeId: number;
  readonly attributes?: readonly string[];
  readonly children?: readonly DomNode[];
}

function placesIn(node: DomNode, places: Map<number, AxPlace>, apart = false): Map<number, AxPlace> {
  const { attributes = [] } = node;
  const attributeOf = (name: string): string | undefined => {
    const at = attributes.findIndex((one, index) => index % 2 === 0 && one === name);
    return at < 0 ? undefined : attributes[at + 1];
  };
  const place: AxPlace = {
    at: attributeOf('aria-posinset'),
    of: attributeOf('aria-setsize'),
    level: attributeOf('aria-level'),
    apart: apart || (attributeOf('class') ?? '').split(' ').includes('visually-hidden'),
  };
  places.set(node.backendNodeId, place);
  for (const child of node.children ?? []) placesIn(child, places, place.apart);
  return places;
}

async function treeOf(cdp: CDPSession): Promise<{ root: AxNode; all: Map<string, AxNode> }> {
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const { root: document } = await cdp.send('DOM.getDocument', { depth: -1 });
  const places = placesIn(document, new Map());
  const all = new Map(
    nodes.map((node) => [node.nodeId, { ...node, place: places.get(node.backendDOMNodeId ?? -1) } as AxNode]),
  );
  const root = all.get(nodes[0]?.nodeId ?? '');
  if (root === undefined) throw new Error('The page has no accessibility tree.');
  return { root, all };
}

const LANDMARKS = [
  'banner',
  'navigation',
  'main',
  'search',
  'region',
  'form',
  'contentinfo',
  'complementary',
];
const CONTROLS = [
  ...['link', 'button', 'textbox', 'searchbox', 'checkbox', 'radio', 'combobox', 'switch', 'slider'],
  ...['listbox', 'spinbutton', 'DisclosureTriangle', 'Date', 'DateTime', 'MenuListPopup'],
];

/** Begins to listen; what was announced before a page was opened anew is gone with that page. */
export async function hear(page: Page): Promise<Reader> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Accessibility.enable');
  await page.addInitScript(LISTEN);
  await page.evaluate(LISTEN);

  const lines = async (pick: (node: AxNode) => boolean): Promise<readonly string[]> => {
    const { root, all } = await treeOf(cdp);
    const found: string[] = [];
    const visit = (node: AxNode): void => {
      if (!node.ignored && pick(node)) found.push(spokenNode(node, all));
      for (const id of node.childIds ?? []) {
        const child = all.get(id);
        if (child !== undefined) visit(child);
      }
    };
    visit(root);
    return found;
  };
  const isOf = (roles: readonly string[]) => (node: AxNode) => roles.includes(String(node.role?.value));

  return {
    async read() {
      const { root, all } = await treeOf(cdp);
      return linesOf(root, all);
    },
    async readIn(name) {
      const { all } = await treeOf(cdp);
      const named = [...all.values()].find(
        (node) =>
          !node.ignored &&
          node.name?.value === name &&
          !['StaticText', 'heading'].includes(node.role?.value ?? ''),
      );
      if (named === undefined) throw new Error(`Nothing is named "${name}".`);
      return linesOf(named, all);
    },
    headings: () => lines(isOf(['heading'])),
    landmarks: () => lines(isOf(LANDMARKS)),
    controls: () => lines(isOf(CONTROLS)),
    async focused() {
      const found = await lines(
        (node) =>
          node.role?.value !== 'RootWebArea' &&
          (node.properties ?? []).some(({ name, value }) => name === 'focused' && value.value === true),
      );
      return found.at(-1) ?? '';
    },
    announced: () => page.evaluate<Announcement[]>('window.announcedSoFar'),
  };
}
