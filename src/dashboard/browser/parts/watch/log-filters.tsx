import { useEffect, useRef } from 'preact/hooks';
import type { LogFacets } from '../../../../sdk/logs.ts';
import { onKeys } from '../../keys.ts';
import type { Loaded } from '../../load.ts';
import { FIELD_WORDS, LOG_FIELDS, type LogChoice, type LogField, withField } from '../../model/log-choice.ts';
import { TextOf } from '../text-of.tsx';
import { TimeRange } from './time-range.tsx';

const FACETS = ['type', 'verdict', 'action', 'subject', 'session', 'principal'] as const;
const SHOWN = 6;

interface FilterProps {
  readonly choice: LogChoice;
  readonly choose: (next: LogChoice) => void;
}

/** Words and time; the rest is chosen by its values. */
export function LogSearch({ choice, choose }: FilterProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => onKeys({ '/': () => input.current?.focus() }), []);
  return (
    <search>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Words
          <input
            ref={input}
            type="search"
            placeholder="in actions, reasons, rules, names"
            spellcheck={false}
            autocomplete="off"
            maxLength={200}
            value={choice.text ?? ''}
            onChange={(event) => choose(withField(choice, 'text', event.currentTarget.value.trim()))}
          />
        </label>
        <label>
          Agent
          <input
            type="search"
            placeholder="ses_… or label=value"
            spellcheck={false}
            autocomplete="off"
            maxLength={400}
            value={choice.agent ?? ''}
            onChange={(event) => choose(withField(choice, 'agent', event.currentTarget.value.trim()))}
          />
        </label>
        <TimeRange choice={choice} choose={choose} />
      </form>
    </search>
  );
}

/** What is chosen, each with the way to let go of it. */
export function Chosen({ choice, choose }: FilterProps) {
  const fields = LOG_FIELDS.filter((field) => choice[field] !== undefined);
  if (fields.length === 0) return null;
  return (
    <ul class="chips" aria-label="Chosen">
      {fields.map((field) => (
        <li key={field}>
          <button type="button" class="chip" onClick={() => choose(withField(choice, field, undefined))}>
            {FIELD_WORDS[field]}: <TextOf text={choice[field] ?? ''} /> <span aria-hidden="true">×</span>
            <span class="visually-hidden"> remove</span>
          </button>
        </li>
      ))}
      <li>
        <button type="button" class="chip" onClick={() => choose({})}>
          Show everything
        </button>
      </li>
    </ul>
  );
}

function Facet(props: FilterProps & { field: LogField; values: LogFacets['facets']['type'] }) {
  const { field, values, choice, choose } = props;
  if (values.length === 0) return null;
  return (
    <section aria-label={FIELD_WORDS[field]}>
      <h2>{FIELD_WORDS[field]}</h2>
      <ul>
        {values.slice(0, SHOWN).map(({ value, count }) => {
          const isChosen = choice[field] === value;
          return (
            <li key={value}>
              <button
                type="button"
                class="facet"
                aria-pressed={isChosen}
                onClick={() => choose(withField(choice, field, isChosen ? undefined : value))}
              >
                <span>
                  <TextOf text={value} />
                </span>
                <span class="fine">{count}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** How often each value occurs among what is chosen; pressing one narrows to it. */
export function Facets({ choice, choose, found }: FilterProps & { found: Loaded<LogFacets> }) {
  const facets = found.value.value;
  const isWide = window.matchMedia('(min-width: 48rem)').matches;
  return (
    <details class="card facets" open={isWide}>
      <summary>Narrow by value</summary>
      {found.problem.value !== undefined && (
        <p role="status">
          The values could not be counted: {found.problem.value}{' '}
          <button type="button" onClick={() => found.again()}>
            Count again
          </button>
        </p>
      )}
      {facets !== undefined && (
        <>
          <p class="fine">
            {facets.complete
              ? `Counted over all ${facets.counted} of them.`
              : `Counted over the newest ${facets.counted}; there are more.`}
          </p>
          <div class="facet-groups">
            {FACETS.map((field) => (
              <Facet
                key={field}
                field={field}
                values={facets.facets[field]}
                choice={choice}
                choose={choose}
              />
            ))}
          </div>
        </>
      )}
    </details>
  );
}
