/** What the markup says of a place in a set, which the protocol does not tell. */
export interface AxPlace {
  readonly at: string | undefined;
  readonly of: string | undefined;
  readonly level: string | undefined;
  /** Taken out of the line in which it stands. */
  readonly apart: boolean;
}

/** A node of Chromium's accessibility tree, as far as it is spoken. */
export interface AxNode {
  readonly nodeId: string;
  readonly ignored: boolean;
  readonly role?: { readonly value?: string };
  readonly name?: { readonly value?: string };
  readonly description?: { readonly value?: string };
  readonly value?: { readonly value?: unknown };
  readonly properties?: readonly { readonly name: string; readonly value: { readonly value?: unknown } }[];
  readonly childIds?: readonly string[];
  readonly place?: AxPlace;
}

type Tree = ReadonlyMap<string, AxNode>;

const ROLE_WORDS: Readonly<Record<string, string>> = {
  textbox: 'edit',
  searchbox: 'search edit',
  DisclosureTriangle: 'disclosure',
  image: 'graphic',
  progressbar: 'progress bar',
  combobox: 'combo box',
  checkbox: 'check box',
  radio: 'radio button',
  banner: 'banner landmark',
  navigation: 'navigation landmark',
  main: 'main landmark',
  search: 'search landmark',
  region: 'region',
  columnheader: 'column header',
  rowheader: 'row header',
};

/** Spoken whole, with what stands in them as their name. */
const WHOLE = [
  ...['heading', 'link', 'button', 'textbox', 'searchbox', 'checkbox', 'radio', 'combobox', 'image'],
  ...['progressbar', 'DisclosureTriangle', 'spinbutton', 'Date', 'DateTime'],
];
/** Run on within the line in which they stand. */
const INLINE = [
  ...[
    'StaticText',
    'InlineTextBox',
    'generic',
    'none',
    'time',
    'Time',
    'code',
    'strong',
    'emphasis',
    'insertion',
  ],
  ...['deletion', 'LabelText', 'Abbr', 'mark', 'LineBreak'],
];
/** Told when one comes into them. */
const ENTERED = [
  'list',
  'table',
  'dialog',
  'region',
  'navigation',
  'banner',
  'main',
  'search',
  'figure',
  'group',
];

const propertyOf = (node: AxNode, name: string): unknown =>
  node.properties?.find((one) => one.name === name)?.value.value;

const childrenOf = (node: AxNode, tree: Tree): AxNode[] =>
  (node.childIds ?? []).flatMap((id) => tree.get(id) ?? []);

/** The children that a reader sees, through the nodes that it does not. */
function seenChildren(node: AxNode, tree: Tree): AxNode[] {
  return childrenOf(node, tree).flatMap((child) => (child.ignored ? seenChildren(child, tree) : [child]));
}

function statesOf(node: AxNode): string[] {
  const states: string[] = [];
  const tell = (name: string, words: Readonly<Record<string, string>>): void => {
    const word = words[String(propertyOf(node, name))];
    if (word !== undefined) states.push(word);
  };
  tell('disabled', { true: 'unavailable' });
  tell('expanded', { true: 'expanded', false: 'collapsed' });
  tell('pressed', { true: 'pressed', false: 'not pressed' });
  tell('checked', { true: 'checked', false: 'not checked' });
  tell('required', { true: 'required' });
  tell('invalid', { true: 'invalid entry' });
  tell('modal', { true: 'modal' });
  return states;
}

function placeOf(node: AxNode, tree: Tree): string[] {
  const role = node.role?.value;
  if (role === 'heading') return [`level ${String(propertyOf(node, 'level'))}`];
  if (role === 'list') {
    const items = seenChildren(node, tree).filter((one) => one.role?.value === 'listitem');
    return [`${items[0]?.place?.of ?? items.length} items`];
  }
  return [];
}

/** Everything that is spoken for one node. */
export function spokenNode(node: AxNode, tree: Tree): string {
  const role = node.role?.value ?? '';
  const { value } = node.value ?? {};
  const parts = [
    node.name?.value ?? '',
    ROLE_WORDS[role] ?? role,
    ...placeOf(node, tree),
    ...statesOf(node),
    value === undefined || value === '' ? '' : String(value),
    node.description?.value ?? '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function textOf(node: AxNode, tree: Tree): string {
  if (node.role?.value === 'StaticText')
    return node.place?.apart ? ` ${node.name?.value} ` : (node.name?.value ?? '');
  if (node.role?.value === 'LineBreak') return ' ';
  const inner = seenChildren(node, tree)
    .map((child) => textOf(child, tree))
    .join('');
  // A generic element that is in the tree is drawn as a box of its own, which a reader sets apart.
  return node.role?.value === 'generic' ? ` ${inner} ` : inner;
}

/** Whether all in it runs on in one line. */
function isLine(node: AxNode, tree: Tree): boolean {
  if (!INLINE.includes(node.role?.value ?? '')) return false;
  return node.role?.value === 'StaticText' || seenChildren(node, tree).every((child) => isLine(child, tree));
}

/** `3 of 12`, with the level where that says more than the list itself. */
function itemWords(item: AxNode, siblings: readonly AxNode[]): string {
  const items = siblings.filter((one) => one.role?.value === 'listitem');
  const level = item.place?.level === undefined ? '' : `level ${item.place.level}, `;
  const at = item.place?.at ?? String(items.indexOf(item) + 1);
  return `${level}${at} of ${item.place?.of ?? items.length}`;
}

/** All that is read from this node to its end, one line for each stop of a reader. */
export function linesOf(root: AxNode, tree: Tree): string[] {
  const lines: string[] = [];
  let line = '';
  const end = (): void => {
    const text = line.replaceAll(/\s+/g, ' ').trim();
    if (text !== '') lines.push(text);
    line = '';
  };
  const visit = (node: AxNode, siblings: readonly AxNode[]): void => {
    const role = node.role?.value ?? '';
    if (isLine(node, tree)) {
      line += textOf(node, tree);
      return;
    }
    if (role === 'ListMarker') return;
    if (WHOLE.includes(role)) {
      // An item of a list tells its place together with what it holds.
      line += spokenNode(node, tree);
      end();
      return;
    }
    end();
    if (role === 'listitem') line = `${itemWords(node, siblings)}: `;
    else if (ENTERED.includes(role) && (node.name?.value ?? '') !== '') lines.push(spokenNode(node, tree));
    const children = seenChildren(node, tree);
    for (const child of children) visit(child, children);
    end();
  };
  visit(root, [root]);
  return lines;
}
