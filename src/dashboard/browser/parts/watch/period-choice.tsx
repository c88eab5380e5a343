import { PERIODS, type Period } from '../../model/overview-words.ts';

/** Over which time it is counted. */
export function PeriodChoice({ period, choose }: { period: Period; choose: (next: Period) => void }) {
  return (
    <label class="period">
      Time{' '}
      <select value={period} onChange={(event) => choose(event.currentTarget.value as Period)}>
        {Object.entries(PERIODS).map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
