import { resolve } from 'node:path';
import type { Command } from 'commander';
import { connectLines } from '../../sdk/connect-lines.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import type { Output } from '../output.ts';
import type { AppEvent, RunningApp } from '../ports.ts';
import { facts } from '../terminal-text.ts';

interface UpOptions {
  readonly port?: number;
  readonly config?: string;
  readonly policies?: string;
  readonly newEnrolLink?: boolean;
  readonly acceptRollback?: boolean;
}

/** The line that programs start the gateway by; the key and the link are absent unless this start made them. */
function readyEvent({ origin, apiKey, enrolUrl, session }: RunningApp): AppEvent {
  return {
    event: 'ready',
    origin,
    ...(apiKey === undefined ? {} : { api_key: apiKey }),
    ...(enrolUrl === undefined ? {} : { enrol_url: enrolUrl }),
    session: {
      id: session.id,
      mcp: { url: session.mcp.url, headers: session.mcp.headers },
      expires_at: session.expiresAt,
    },
  };
}

function showScreen(out: Output, app: RunningApp): void {
  const { session } = app;
  out.lines([
    '',
    `${out.style('bold', 'Countersign is running.')} Risky calls wait here until a person signs them.`,
    '',
    ...facts([
      ['  Dashboard', app.dashboardUrl],
      ['  Enrol', app.enrolUrl && `${app.enrolUrl}  (works once: makes your passkey)`],
      ['  API key', app.apiKey && `${app.apiKey}  (shown once; this folder's CLI has it)`],
      ['  Data', app.dataDir],
    ]),
    '',
    `${out.style('bold', 'A session for an agent')} until ${session.expiresAt}`,
    ...facts([
      ['  URL', session.mcp.url],
      ...Object.entries(session.mcp.headers).map(
        ([name, value]) => ['  Header', `${name}: ${value}`] as const,
      ),
      ['  Secret URL', `${session.mcp.secretUrl}  (a password; for clients that take only a URL)`],
    ]),
  ]);
  for (const { client, steps } of connectLines(session.mcp)) {
    out.lines(['', out.style('bold', client)]);
    for (const { say, paste } of steps) out.lines([out.style('dim', `  ${say}`), `  ${paste}`]);
  }
  out.lines([
    '',
    'See it work: in another terminal run "npm run try" (or "countersign try"). Ctrl-C stops.',
    '',
  ]);
}

async function up(context: Context, options: UpOptions): Promise<ExitCode> {
  const { deps, out } = context;
  const early: AppEvent[] = [];
  const stage = { ready: false };
  const emit = (event: AppEvent): void => {
    if (!out.json) return;
    if (stage.ready) out.value(event);
    else early.push(event);
  };
  const stop = context.stopSignal();
  // What is not given here is left to the configuration.
  const app = await deps.startApp({
    newEnrolLink: options.newEnrolLink === true,
    env: deps.env,
    onEvent: emit,
    ...(options.acceptRollback === true ? { acceptRollback: true } : {}),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(context.givenDataDir === undefined ? {} : { dataDir: context.givenDataDir }),
    ...(options.config === undefined ? {} : { configFile: resolve(deps.cwd, options.config) }),
    ...(options.policies === undefined ? {} : { policiesDir: resolve(deps.cwd, options.policies) }),
  });
  if (out.json) out.value(readyEvent(app));
  else showScreen(out, app);
  stage.ready = true;
  early.forEach(emit);
  const stopped = new Promise<void>((done) => {
    if (stop.aborted) done();
    stop.addEventListener('abort', () => done(), { once: true });
  });
  await Promise.race([stopped, app.closed]);
  if (stop.aborted) out.note('Stopping: what was begun is finished first. Ctrl-C again ends at once.');
  await app.close();
  emit({ event: 'stopped' });
  return EXIT.ok;
}

/** `up`: the gateway itself. */
export function addUpCommand(program: Command, cli: Cli): void {
  program
    .command('up')
    .description('start the gateway here; Ctrl-C finishes what was begun and ends')
    .option(
      '--port <n>',
      'where to listen (default: the configured port, else 8420; 0 takes any free port)',
      wholeNumber('--port', { min: 0, max: 65_535 }),
    )
    .option('--config <file>', 'countersign.yaml, or the mcpServers JSON of Claude, Cursor or VS Code')
    .option('--policies <dir>', 'the folder of the policy files')
    .option('--new-enrol-link', 'print a fresh one-time link to enrol a passkey')
    .option('--accept-rollback', 'start on a database that is older than what was signed last')
    .addHelpText(
      'after',
      '\nWith --json the first line on stdout is {"event":"ready",…}; events follow, one per line.' +
        '\n\nExamples:\n  $ countersign up\n  $ countersign up --port 0 --config ~/.cursor/mcp.json --json',
    )
    .action(cli.action((context, options: UpOptions) => up(context, options)));
}
