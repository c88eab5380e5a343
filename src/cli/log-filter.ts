import { type Command, Option } from 'commander';
import type { LogFilter } from '../sdk/log-entry.ts';
import { parseTime } from './duration.ts';

/** What chooses entries of the ledger on the command line. */
export interface LogFilterOptions {
  readonly action?: string;
  readonly tool?: string;
  readonly verdict?: 'allow' | 'deny' | 'hold';
  readonly agent?: string;
  readonly user?: string;
  readonly session?: string;
  readonly approval?: string;
  readonly principal?: string;
  readonly call?: string;
  readonly type?: string;
  readonly text?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Whom and what entries are about. */
export function addLogFilters(command: Command): Command {
  return command
    .option('--action <name>', 'server/tool, or an operation such as session.mint; may end in *')
    .option('--tool <name>', 'calls of this tool, on whatever server; may end in *')
    .addOption(new Option('--verdict <verdict>', 'what policy found').choices(['allow', 'deny', 'hold']))
    .option('--agent <who>', 'a session, or a label of sessions as name=value')
    .option('--user <id>', 'only what concerns this end user')
    .option('--session <id>', 'only what concerns this session')
    .option('--approval <id>', 'only what concerns this approval')
    .option('--principal <who>', 'only what they brought about, such as person:per_…')
    .option('--call <id>', 'only what concerns this call')
    .option('--type <type>', 'only entries of this type, such as approval.decided; may end in *')
    .option('--text <words>', 'words of actions, reasons, rules and names, or how they begin');
}

export function addLogTimes(command: Command): Command {
  return command
    .option('--since <time>', 'from then on: RFC 3339, or a duration such as 24h')
    .option('--until <time>', 'before then: RFC 3339, or a duration such as 1h');
}

/** The filter but for its times. */
export function logSubjectOf(options: LogFilterOptions): LogFilter {
  const { action, tool, verdict, agent, user, session, approval, principal, call, type, text } = options;
  return { action, tool, verdict, agent, subject: user, session, approval, principal, call, type, text };
}

/** Throws `invalid_request` that names the option. */
export function logFilterOf(options: LogFilterOptions, now: number): LogFilter {
  const { since, until } = options;
  return {
    ...logSubjectOf(options),
    since: since === undefined ? undefined : parseTime(since, '--since', now),
    until: until === undefined ? undefined : parseTime(until, '--until', now),
  };
}
