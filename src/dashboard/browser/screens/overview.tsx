import { useEffect } from 'preact/hooks';
import type { Overview as Activity } from '../../../sdk/overview.ts';
import { useLoaded } from '../load.ts';
import { headlines, readPeriod } from '../model/overview-words.ts';
import { Lasting } from '../parts/lasting.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { LedgerHead } from '../parts/watch/ledger-head.tsx';
import { PeriodChoice } from '../parts/watch/period-choice.tsx';
import { LinePlot, StackedPlot } from '../parts/watch/plot.tsx';
import { Tops } from '../parts/watch/tops.tsx';
import { queryOf } from '../query.ts';
import type { ScreenProps } from '../shell.ts';

const REFRESH_MS = 15_000;
/** Of RFC 3339, down to the minute: so often the head of the ledger is checked anew. */
const MINUTE_CHARACTERS = 16;

const CALLS = [
  { label: 'allowed', tone: 'tone-good' },
  { label: 'held', tone: 'tone-wait' },
  { label: 'denied', tone: 'tone-bad' },
] as const;

const ENDS = [
  { label: 'approved', tone: 'tone-good' },
  { label: 'denied by people', tone: 'tone-bad' },
  { label: 'expired', tone: 'tone-wait' },
  { label: 'withdrawn', tone: 'tone-soft' },
] as const;

const LATENCY = [
  { label: 'longest', tone: 'tone-wait' },
  { label: 'half decided within', tone: 'tone-busy' },
] as const;

function Headlines({ activity }: { activity: Activity }) {
  return (
    <dl class="headlines">
      {headlines(activity).map(({ label, value, note }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <strong>{typeof value === 'number' ? <Lasting ms={value} fine /> : value}</strong>{' '}
            <span class="fine">{note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Plots({ activity }: { activity: Activity }) {
  const { buckets, bucketMs, judged } = activity;
  const calls = buckets.map(({ at, allowed, held, denied }) => ({ at, values: [allowed, held, denied] }));
  const ends = buckets.map(({ at, approved, refused, expired, cancelled }) => ({
    at,
    values: [approved, refused, expired, cancelled],
  }));
  const latency = buckets.map(({ at, medianMs, longestMs }) => ({
    at,
    values: [longestMs ?? Number.NaN, medianMs ?? Number.NaN],
  }));
  const logs = (field: string) => (value: string) => `/logs?${new URLSearchParams({ [field]: value })}`;
  return (
    <>
      <div class="plots">
        <StackedPlot title="Calls" series={CALLS} points={calls} bucketMs={bucketMs} />
        <StackedPlot title="How waits ended" series={ENDS} points={ends} bucketMs={bucketMs} />
        <LinePlot title="How long deciding took" series={LATENCY} points={latency} bucketMs={bucketMs} />
        <Tops
          title="Verdicts by rule"
          counts={judged.rules}
          address={(rule) => `/policies?${new URLSearchParams({ rule })}`}
        />
        <Tops title="Most called" counts={judged.actions} address={logs('action')} />
        <Tops title="Busiest agents" counts={judged.sessions} address={(id) => `/sessions/${id}`} />
        <Tops title="Busiest users" counts={judged.subjects} address={logs('subject')} />
      </div>
      {!judged.complete && (
        <p class="fine">
          Rules, calls, agents and users are counted over the newest {judged.counted} calls of this time;
          there were more.
        </p>
      )}
    </>
  );
}

/** What the fleet does and how people keep up with it, and whether the ledger is what it was. */
export function Overview({ shell }: ScreenProps) {
  const period = readPeriod(queryOf(shell));
  const found = useLoaded(shell, period, () => shell.api.client.overview({ since: period }));
  useEffect(() => {
    document.title = 'Overview · Countersign';
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') void found.again();
    }, REFRESH_MS);
    return () => window.clearInterval(timer);
  }, [shell]);
  const activity = found.value.value;
  const isEmpty = activity !== undefined && activity.judged.counted === 0;
  return (
    <>
      <div class="heading">
        <h1>Overview</h1>
        <PeriodChoice
          period={period}
          choose={(next) =>
            shell.go(next === '24h' ? '/overview' : `/overview?since=${next}`, { replace: true })
          }
        />
      </div>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The numbers could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      {activity === undefined && found.problem.value === undefined && <Skeleton rows={5} />}
      {isEmpty && (
        <Notice kind="info" title="No calls in this time">
          <p>
            Choose a longer time, or <a href="/sessions">connect an agent</a>: its calls are counted here at
            once.
          </p>
        </Notice>
      )}
      {activity !== undefined && !isEmpty && <Headlines activity={activity} />}
      <LedgerHead shell={shell} round={activity?.until.slice(0, MINUTE_CHARACTERS) ?? found.problem.value} />
      {activity !== undefined && !isEmpty && <Plots activity={activity} />}
    </>
  );
}
