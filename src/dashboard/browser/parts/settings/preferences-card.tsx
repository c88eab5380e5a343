import type { Preferences, Theme, Zone } from '../../model/preferences.ts';
import { exactTime } from '../../model/time.ts';
import type { Shell } from '../../shell.ts';

const THEME_WORDS: Readonly<Record<Theme, string>> = {
  system: 'As this device has it',
  light: 'Light',
  dark: 'Dark',
};

interface ChoiceProps<T extends string> {
  readonly name: string;
  readonly legend: string;
  readonly words: Readonly<Record<T, string>>;
  readonly chosen: T;
  readonly choose: (next: T) => void;
}

function Choice<T extends string>({ name, legend, words, chosen, choose }: ChoiceProps<T>) {
  return (
    <fieldset class="preference">
      <legend>{legend}</legend>
      {(Object.entries(words) as [T, string][]).map(([value, text]) => (
        <label key={value}>
          <input type="radio" name={name} checked={chosen === value} onChange={() => choose(value)} /> {text}
        </label>
      ))}
    </fieldset>
  );
}

/** How this browser shows the page; kept in it, in force at once. */
export function PreferencesCard({ shell }: { shell: Shell }) {
  const { preferences } = shell;
  const choose = (change: Partial<Preferences>) => {
    preferences.value = { ...preferences.value, ...change };
  };
  const now = new Date(shell.now.value).toISOString();
  const zones: Readonly<Record<Zone, string>> = {
    utc: `UTC, the same for everybody: ${exactTime(now, 'utc')}`,
    local: `As this device has it: ${exactTime(now, 'local')}`,
  };
  const { theme, zone } = preferences.value;
  return (
    <section class="card" aria-labelledby="preferences">
      <h2 id="preferences">This browser</h2>
      <p class="fine">Kept in this browser alone; other people and devices have their own.</p>
      <Choice
        name="theme"
        legend="Colours"
        words={THEME_WORDS}
        chosen={theme}
        choose={(next) => choose({ theme: next })}
      />
      <Choice
        name="zone"
        legend="Exact times"
        words={zones}
        chosen={zone}
        choose={(next) => choose({ zone: next })}
      />
      <p class="fine">Where a time says “UTC” it is in UTC whatever is chosen here.</p>
    </section>
  );
}
