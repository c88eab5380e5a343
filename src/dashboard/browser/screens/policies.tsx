import { useEffect } from 'preact/hooks';
import { systemClock } from '../../../core/clock.ts';
import { useLive, useLoaded } from '../load.ts';
import { PERIOD_MS, type Period, readPeriod } from '../model/overview-words.ts';
import { rulesByFile } from '../model/policy-words.ts';
import { LiveStopped } from '../parts/fleet/live-stopped.tsx';
import { Notice } from '../parts/notice.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { Candidate } from '../parts/watch/candidate.tsx';
import { PeriodChoice } from '../parts/watch/period-choice.tsx';
import { RuleList } from '../parts/watch/rule-list.tsx';
import { TryPolicy } from '../parts/watch/try-policy.tsx';
import { queryOf } from '../query.ts';
import type { ScreenProps, Shell } from '../shell.ts';

const USUAL: Period = '7d';

async function load({ api }: Shell, period: Period) {
  const { policies, overview } = api.client;
  const since = new Date(systemClock() - PERIOD_MS[period]).toISOString();
  const [policy, activity, shadow] = await Promise.all([
    policies.get(),
    overview({ since: period }),
    policies.shadow({ since }),
  ]);
  return { policy, judged: activity.judged, shadow };
}

/** The policy in force: its files and rules, what they have decided, and what they would say to a call. */
export function Policies({ shell }: ScreenProps) {
  const query = queryOf(shell);
  const period = readPeriod(query, USUAL);
  const found = useLoaded(shell, undefined, () => load(shell, period));
  const following = useLive(shell, period, {
    load: found.again,
    open: (options) => shell.api.client.logs.stream({ type: 'policy.loaded' }, options),
    take: () => void found.again(),
  });
  useEffect(() => {
    document.title = 'Policies · Countersign';
  }, [shell]);
  const choose = (next: Period) =>
    shell.go(next === USUAL ? '/policies' : `/policies?since=${next}`, { replace: true });
  const shown = found.value.value;
  const byDefault = shown?.judged.rules.find(({ value }) => value === null);
  return (
    <>
      <div class="heading">
        <h1>Policies</h1>
        <PeriodChoice period={period} choose={choose} />
      </div>
      {found.problem.value !== undefined && (
        <Notice kind="error" title="The policy could not be loaded" retry={found.again}>
          <p>{found.problem.value}</p>
        </Notice>
      )}
      <LiveStopped following={following} />
      {shown === undefined && found.problem.value === undefined && <Skeleton rows={4} />}
      {shown !== undefined && (
        <>
          <p>
            In force: version <code title={shown.policy.version}>{shown.policy.version.slice(0, 19)}</code>,{' '}
            {shown.policy.rules.length} {shown.policy.rules.length === 1 ? 'rule' : 'rules'}. Files are
            changed where the gateway runs, and take force when they are saved.
          </p>
          <p class="fine">
            Counted over {shown.judged.complete ? 'all' : 'the newest'} {shown.judged.counted} calls of this
            time.
            {byDefault !== undefined &&
              ` No rule was about ${byDefault.allow + byDefault.hold + byDefault.deny} of them.`}{' '}
            Rules that are only watched would have changed {shown.shadow.differing} of {shown.shadow.calls}.
          </p>
          {shown.policy.files.length === 0 && (
            <Notice kind="info" title="No policy files">
              <p>
                Everything falls to the default. <code>countersign init</code> writes files to begin with.
              </p>
            </Notice>
          )}
          {rulesByFile(shown.policy, { counts: shown.judged.rules, shadow: shown.shadow }).map((one) => (
            <RuleList key={one.file} {...one} sought={new URLSearchParams(query).get('rule')} />
          ))}
        </>
      )}
      <TryPolicy shell={shell} />
      <Candidate shell={shell} since={period} />
    </>
  );
}
