import type { ReplayReport } from '../../../../sdk/recorded-calls.ts';
import { isLoosened, reportTitle, targetOf, unknownLines } from '../../model/candidate.ts';
import { count } from '../../model/time.ts';
import { Exact } from '../exact.tsx';
import { Badge } from '../fleet/badge.tsx';
import { Notice } from '../notice.tsx';
import { TextOf } from '../text-of.tsx';
import { VerdictBadge } from './log-rows.tsx';

type Change = ReplayReport['changes'][number];

function RuleName({ rule }: { rule: string | null }) {
  return rule === null ? (
    <>the default</>
  ) : (
    <code>
      <TextOf text={rule} />
    </code>
  );
}

function ChangeItem({ change }: { change: Change }) {
  const { from, to, calls, rule, examples } = change;
  return (
    <li>
      <div>
        <VerdictBadge verdict={from} /> → <VerdictBadge verdict={to} />{' '}
        <strong>
          <TextOf text={targetOf(change)} />
        </strong>{' '}
        {isLoosened(change) && <Badge state="failed" words="less strict" />}
        <div class="fine">
          then by <RuleName rule={rule.before} />, by these files <RuleName rule={rule.after} />
        </div>
      </div>
      <span class="hits">{count(calls, 'call')}</span>
      <ul class="examples replay-examples" aria-label={`Such calls of ${targetOf(change)}`}>
        {examples.map(({ id, seq, at, subject }) => (
          <li key={seq}>
            <a href={`/logs/${id ?? seq}`}>{id ?? `entry ${seq}`}</a>{' '}
            <span class="fine">
              <Exact at={at} />, for <TextOf text={subject} />
            </span>
          </li>
        ))}
        {calls > examples.length && <li class="fine">and {calls - examples.length} more</li>}
      </ul>
    </li>
  );
}

function Unknown({ report }: { report: ReplayReport }) {
  const lines = unknownLines(report);
  if (lines.length === 0) return null;
  return (
    <>
      <h3>Not known</h3>
      <p class="fine">Of these calls nothing is said, and nothing was guessed:</p>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}.</li>
        ))}
      </ul>
    </>
  );
}

/** What other files would have made of past calls: what would be less strict first. */
export function ReplayResult({ report }: { report: ReplayReport }) {
  const { changed, changes, ungrouped, since, until } = report;
  return (
    <section aria-label="What would have been">
      <Notice kind={changed === 0 ? 'info' : 'warning'} title={reportTitle(report)}>
        <p class="fine">
          Calls from <Exact at={since} /> to <Exact at={until} />, judged by version{' '}
          <code>{report.policyVersion.slice(0, 19)}</code>.{' '}
          {report.calls === 0 && 'Choose a longer time, or come back when agents have made calls.'}
        </p>
      </Notice>
      {changes.length > 0 && (
        <ul class="rules-table">
          {changes.map((change) => (
            <ChangeItem key={JSON.stringify([change, 0])} change={change} />
          ))}
        </ul>
      )}
      {ungrouped > 0 && (
        <p>{count(ungrouped, 'more call')} would change, in more ways than are told apart.</p>
      )}
      <Unknown report={report} />
    </section>
  );
}
