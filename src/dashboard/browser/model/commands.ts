import { SECTIONS } from './sections.ts';

/** One thing that the palette can do. */
export type Command =
  | { readonly kind: 'go'; readonly label: string; readonly path: string; readonly keys: string }
  /** Presses a key of the screen that is open, under the same rules as the key itself. */
  | { readonly kind: 'press'; readonly label: string; readonly key: string; readonly keys: string };

const PRESSES = [
  ['a', 'Approve: open the call, or ask the passkey in an opened one'],
  ['d', 'Deny with a reason'],
  ['v', 'Reveal what policy hides of the opened call'],
  ['x', 'Pick the selected call, to decide several together'],
  ['b', 'Decide the picked calls together'],
  ['n', 'Show the calls that have come in the meantime'],
  ['j', 'Next'],
  ['k', 'Previous'],
  ['?', 'Help: all keys'],
] as const;

const ALL: readonly Command[] = [
  ...SECTIONS.map(({ path, label, key }) => ({
    kind: 'go' as const,
    label: `Go to ${label}`,
    path,
    keys: `g ${key}`,
  })),
  ...PRESSES.map(([key, label]) => ({ kind: 'press' as const, label, key, keys: key })),
];

/** What fits the text, best first: every word stands in the label. What fits nothing can be searched for. */
export function commandsFor(text: string): readonly Command[] {
  const typed = text.trim();
  const words = typed.toLowerCase().split(/\s+/);
  const fitting = ALL.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
  if (typed === '') return fitting;
  const id = /^apr_\w{1,90}$/.exec(typed)?.[0];
  return [
    ...(id === undefined
      ? []
      : [{ kind: 'go' as const, label: `Open ${id}`, path: `/approvals/${id}`, keys: '' }]),
    ...fitting,
    {
      kind: 'go',
      label: `Search the inbox for “${typed}”`,
      path: `/?q=${encodeURIComponent(typed)}`,
      keys: '/',
    },
  ];
}
