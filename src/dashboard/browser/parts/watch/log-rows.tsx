import type { LogEntry } from '../../../../sdk/log-entry.ts';
import { entryWords } from '../../model/entry-words.ts';
import { entryNotes, storyOf, verdictIn } from '../../model/log-pages.ts';
import { Moment } from '../fleet/moment.tsx';
import { TextOf } from '../text-of.tsx';

const TONES = { allow: 'good', hold: 'wait', deny: 'bad' } as const;

/** What policy found, in one word. */
export function VerdictBadge({ verdict }: { verdict: string }) {
  return <span class={`badge ${TONES[verdict as 'allow'] ?? 'over'}`}>{verdict}</span>;
}

function LogRow({ entry, now }: { entry: LogEntry; now: number }) {
  const { seq, ts, type, ref } = entry;
  const verdict = verdictIn(entry);
  const story = storyOf(entry);
  const words = entryWords(entry);
  return (
    <li>
      <a class="plain seq" href={`/logs/${seq}`} aria-label={`Entry ${seq}`}>
        {seq}
      </a>
      <div>
        <code>
          <TextOf text={type} />
        </code>{' '}
        {verdict !== undefined && <VerdictBadge verdict={verdict} />}{' '}
        {ref.action !== undefined && (
          <strong>
            <TextOf text={ref.action} />
          </strong>
        )}{' '}
        {words !== type && <span class="fine">{words}</span>}
        {entryNotes(entry).map((note) => (
          <span key={note} class="note">
            <TextOf text={note} />
          </span>
        ))}
        <div class="meta">
          {story !== undefined && <a href={`/logs/${story}`}>{story}</a>}
          {ref.session !== undefined && <a href={`/sessions/${ref.session}`}>{ref.session}</a>}
          {ref.subject !== undefined && (
            <span>
              for <TextOf text={ref.subject} />
            </span>
          )}
          {ref.principal !== undefined && ref.principal !== `session:${ref.session}` && (
            <span>
              by <TextOf text={ref.principal} />
            </span>
          )}
        </div>
      </div>
      <span class="fine">
        <Moment at={ts} now={now} />
      </span>
    </li>
  );
}

/** Entries of the ledger, newest first, each with the way to its proof and to its story. */
export function LogRows({ entries, now }: { entries: readonly LogEntry[]; now: number }) {
  return (
    <ol class="log-rows" aria-label="Entries">
      {entries.map((entry) => (
        <LogRow key={entry.seq} entry={entry} now={now} />
      ))}
    </ol>
  );
}
