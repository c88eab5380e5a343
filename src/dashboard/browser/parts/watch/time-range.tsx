import { systemClock } from '../../../../core/clock.ts';
import { exactTime, type LogChoice, minuteOf, withField } from '../../model/log-choice.ts';
import { PERIODS } from '../../model/overview-words.ts';

const BETWEEN = 'between';
const HOUR_MS = 3_600_000;

interface RangeProps {
  readonly choice: LogChoice;
  readonly choose: (next: LogChoice) => void;
}

function Exact({ choice, choose, field, label }: RangeProps & { field: 'since' | 'until'; label: string }) {
  return (
    <label>
      {label}
      <input
        type="datetime-local"
        value={minuteOf(choice[field])}
        onChange={(event) => choose(withField(choice, field, exactTime(event.currentTarget.value)))}
      />
    </label>
  );
}

/** From when until when: a period until now, or between two times in UTC. */
export function TimeRange({ choice, choose }: RangeProps) {
  const since = choice.since ?? '';
  const isExact = choice.until !== undefined || (since !== '' && !(since in PERIODS));
  const pick = (value: string) => {
    const now = systemClock();
    const at = (ms: number) => exactTime(minuteOf(new Date(ms).toISOString()));
    const bare = withField(withField(choice, 'since', undefined), 'until', undefined);
    if (value !== BETWEEN) return choose(withField(bare, 'since', value));
    choose(withField(withField(bare, 'since', at(now - HOUR_MS)), 'until', at(now)));
  };
  return (
    <>
      <label>
        Time
        <select value={isExact ? BETWEEN : since} onChange={(event) => pick(event.currentTarget.value)}>
          <option value="">all</option>
          {Object.entries(PERIODS).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
          <option value={BETWEEN}>between…</option>
        </select>
      </label>
      {isExact && <Exact choice={choice} choose={choose} field="since" label="From (UTC)" />}
      {isExact && <Exact choice={choice} choose={choose} field="until" label="Until (UTC)" />}
    </>
  );
}
