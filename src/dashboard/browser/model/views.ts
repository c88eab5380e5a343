/** A search under a name, kept in this browser for one person. */
export interface SavedView {
  readonly name: string;
  readonly query: string;
}

const MOST = 30;

export const viewsKey = (personId: string): string => `countersign.views.${personId}`;

function isView(value: unknown): value is SavedView {
  const { name, query } = (value ?? {}) as Partial<SavedView>;
  return typeof name === 'string' && name !== '' && typeof query === 'string';
}

/** What was kept; anything else that stands there counts as nothing. */
export function readViews(kept: string | null): readonly SavedView[] {
  try {
    const value: unknown = JSON.parse(kept ?? '[]');
    return Array.isArray(value) ? value.filter(isView).slice(0, MOST) : [];
  } catch {
    // Another program may have written there; its text is no list of ours.
    return [];
  }
}

/** The views with this one: it takes the place of one of the same name. */
export function withView(views: readonly SavedView[], view: SavedView): readonly SavedView[] {
  const name = view.name.trim().slice(0, 60);
  if (name === '') return views;
  const others = views.filter((one) => one.name !== name);
  return [...others, { name, query: view.query }].sort((a, b) => a.name.localeCompare(b.name)).slice(0, MOST);
}

/** The query with the word put in, or taken out where it stands. */
export function toggleWord(query: string, word: string): string {
  const words = query.split(/\s+/).filter((one) => one !== '');
  const next = words.includes(word) ? words.filter((one) => one !== word) : [...words, word];
  return next.join(' ');
}

export const hasWord = (query: string, word: string): boolean => query.split(/\s+/).includes(word);
