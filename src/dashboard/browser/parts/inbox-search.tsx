import { type Signal, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import type { Me } from '../api.ts';
import { hasWord, readViews, type SavedView, toggleWord, viewsKey, withView } from '../model/views.ts';
import { TextOf } from './text-of.tsx';

const QUICK = [
  { word: 'risk:critical', label: 'Critical' },
  { word: 'risk:high', label: 'High' },
  { word: 'is:mine', label: 'I may decide' },
] as const;

interface InboxSearchProps {
  readonly me: Me;
  readonly query: Signal<string>;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly ask: (query: string) => void;
}

function Views({ me, query }: Pick<InboxSearchProps, 'me' | 'query'>) {
  const key = viewsKey(me.id);
  const views = useSignal(readViews(localStorage.getItem(key)));
  const keep = (next: readonly SavedView[]) => {
    views.value = next;
    localStorage.setItem(key, JSON.stringify(next));
  };
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const name = String(new FormData(form).get('name') ?? '');
    keep(withView(views.value, { name, query: query.value }));
    form.reset();
  };
  return (
    <details class="views">
      <summary>Views ({views.value.length})</summary>
      {views.value.length === 0 && (
        <p class="fine">
          Search for something, then keep the search under a name. Kept in this browser alone.
        </p>
      )}
      <ul>
        {views.value.map((view) => (
          <li key={view.name}>
            <a href={view.query === '' ? '/' : `/?q=${encodeURIComponent(view.query)}`}>
              <TextOf text={view.name} />
            </a>
            <button
              type="button"
              class="quiet"
              aria-label={`Forget the view ${view.name}`}
              onClick={() => keep(views.value.filter((one) => one.name !== view.name))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={save}>
        <label>
          Name of this search
          <input name="name" required maxLength={60} autocomplete="off" />
        </label>
        <button type="submit">Keep</button>
      </form>
    </details>
  );
}

/** The search of the inbox, whose words stand in the address, with shortcuts and searches kept under a name. */
export function InboxSearch({ me, query, field, ask }: InboxSearchProps) {
  return (
    <search class="inbox-search">
      <label class="search">
        <span class="visually-hidden">Search the inbox</span>
        <input
          ref={field}
          type="search"
          placeholder="Search: tool:refund agent:ada risk:high"
          value={query.value}
          onInput={(event) => ask(event.currentTarget.value)}
          onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
        />
      </label>
      {QUICK.map(({ word, label }) => (
        <button
          key={word}
          type="button"
          class="quiet quick"
          aria-pressed={hasWord(query.value, word)}
          onClick={() => ask(toggleWord(query.value, word))}
        >
          {label}
        </button>
      ))}
      <Views me={me} query={query} />
    </search>
  );
}
