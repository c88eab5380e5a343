import type { Command } from 'commander';
import type { Job, JobDetail, JobSource, JobState } from '../../sdk/jobs.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { parseDuration, parseTime } from '../duration.ts';
import { EXIT, exitCodeOfJob } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { facts, oneLine } from '../terminal-text.ts';

interface ListOptions {
  readonly state?: JobState;
  readonly source?: JobSource;
  readonly session?: string;
  readonly user?: string;
  readonly server?: string;
  readonly tool?: string;
  readonly since?: string;
  readonly limit: number;
}

/** `3 of 5, checking`. */
function progressText({ progress }: Job): string | null {
  if (progress === null) return null;
  const { total, message } = progress;
  const done = total === null ? String(progress.progress) : `${progress.progress} of ${total}`;
  return message === null ? done : `${done}, ${message}`;
}

const JOBS: TableShape<Job> = {
  header: ['ID', 'STATE', 'SOURCE', 'USER', 'TOOL', 'PROGRESS', 'CREATED'],
  row: (one) => [
    one.id,
    one.state,
    one.source,
    one.subject,
    `${one.server}/${one.tool}`,
    progressText(one) ?? '',
    one.createdAt,
  ],
  empty: 'There are no such jobs.',
};

const STANDINGS: Readonly<Record<NonNullable<JobDetail['cancelStanding']>, string>> = {
  undelivered: 'its server has not heard so yet and is told again',
  delivered: 'its server has heard so',
  refused: 'its server does not cancel it',
};

function cancellingText({ cancelRequestedAt: at, cancelStanding: standing }: JobDetail): string | null {
  return at === null || standing === null ? at : `${at} (${STANDINGS[standing]})`;
}

function show({ out }: Context, job: JobDetail): void {
  if (out.json) {
    out.value(job);
    return;
  }
  out.lines(
    facts([
      ['Job', job.id],
      ['State', job.reason === null ? job.state : `${job.state}: ${job.reason}`],
      ['Tool', `${job.server}/${job.tool}`],
      ['Source', job.source],
      ['User', job.subject],
      ['Session', job.session],
      ['Progress', progressText(job)],
      ['Approval', job.approval],
      ['Page', job.approvalUrl],
      ['Call', job.call],
      ['Created', job.createdAt],
      ['Cancelling', cancellingText(job)],
      ['Ended', job.endedAt],
      ['Kept until', job.keepUntil],
      ['Result', job.result?.text],
    ]),
  );
}

async function wait(context: Context, id: string, timeout: string | undefined): Promise<JobDetail> {
  const { out } = context;
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, '--timeout');
  const job = await (await context.client()).jobs.wait(id, {
    timeoutMs,
    signal: context.stopSignal(),
    onUpdate: (one) => {
      const progress = progressText(one);
      out.status(oneLine(`${one.id} is ${one.state}${progress === null ? '' : `: ${progress}`}`));
    },
  });
  out.status('');
  return job;
}

/** `job list|get|wait|cancel`, also as `jobs`. */
export function addJobCommands(program: Command, cli: Cli): void {
  const job = program
    .command('job')
    .alias('jobs')
    .description('work that goes on: approved calls, long calls, tasks and research of servers');

  job
    .command('list')
    .description('list jobs, newest first')
    .option('--state <state>', 'waiting, working, input_required, completed, failed, cancelled or unknown')
    .option('--source <source>', 'call, approval, task or poll')
    .option('--session <id>', 'only those of this session')
    .option('--user <id>', 'only those of this end user')
    .option('--server <name>', 'only those of this server')
    .option('--tool <name>', 'only those of this tool')
    .option('--since <time>', 'created from then on: RFC 3339, or a duration such as 24h')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 10_000 }), 50)
    .addHelpText(
      'after',
      '\nExamples:\n  $ countersign job list --state working\n  $ countersign job list --server research --since 24h',
    )
    .action(
      cli.action(async ({ client, out, deps }, { limit, user, since, ...filter }: ListOptions) => {
        const from = since === undefined ? undefined : parseTime(since, '--since', deps.now());
        const { jobs } = await client();
        const found = await collect(
          (page) => jobs.list({ ...filter, ...page, subject: user, since: from }),
          limit,
        );
        out.list(found, JOBS);
        return EXIT.ok;
      }),
    );

  job
    .command('get <id>')
    .description('show one job and, once it has ended, its result')
    .addHelpText('after', '\nExample:\n  $ countersign job get job_1a2b')
    .action(
      cli.action(async (context, id: string) => {
        show(context, await (await context.client()).jobs.get(id));
        return EXIT.ok;
      }),
    );

  job
    .command('wait <id>')
    .description('wait until it has ended, telling its progress; the exit code says how')
    .option('--timeout <duration>', 'how long at most, such as 5m; until it ends unless told')
    .addHelpText(
      'after',
      '\nEnds with 0 when it is completed, 1 failed, cancelled or unknown, 5 still under way.',
    )
    .addHelpText('after', '\nExample:\n  $ countersign job wait job_1a2b --timeout 5m')
    .action(
      cli.action(async (context, id: string, options: { timeout?: string }) => {
        const ended = await wait(context, id, options.timeout);
        show(context, ended);
        return exitCodeOfJob(ended.state);
      }),
    );

  job
    .command('cancel <id>')
    .description('ask for its end; what is under way may still come to one of its own')
    .addHelpText('after', '\nExample:\n  $ countersign job cancel job_1a2b')
    .action(
      cli.action(async (context, id: string) => {
        show(context, await (await context.client()).jobs.cancel(id));
        return EXIT.ok;
      }),
    );
}
