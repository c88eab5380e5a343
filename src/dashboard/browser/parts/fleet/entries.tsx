import type { LogEntry } from '../../../../sdk/log-entry.ts';
import { TextOf } from '../text-of.tsx';
import { Moment } from './moment.tsx';

/** Entries of the ledger, one line each. */
export function Entries(props: { entries: readonly LogEntry[]; now: number; label: string }) {
  const { entries, now, label } = props;
  return (
    <ol class="entries" aria-label={label}>
      {entries.map(({ seq, ts, type, ref, body }) => (
        <li key={seq}>
          <a href={`/logs/${seq}`} aria-label={`Entry ${seq}`}>
            {seq}
          </a>
          <span>
            <code>
              <TextOf text={type} />
            </code>{' '}
            {ref.action !== undefined && <TextOf text={ref.action} />}{' '}
            {typeof body.state === 'string' && (
              <strong>
                <TextOf text={body.state} />
              </strong>
            )}{' '}
            {typeof body.reason === 'string' && <TextOf text={body.reason} />}
          </span>
          <span class="fine">
            <Moment at={ts} now={now} />
          </span>
        </li>
      ))}
    </ol>
  );
}
