import type { Command } from 'commander';
import type { ConfigFacts } from '../../config/inspect.ts';
import { errorText, isCountersignError } from '../../core/errors.ts';
import { isCountersignApiError } from '../../sdk/api-error.ts';
import type { Countersign } from '../../sdk/countersign.ts';
import { type Cli, type Context, collect, EVERY } from '../context.ts';
import { clockFinding, originFinding, pageFinding, reach, unreachable } from '../doctor/check-address.ts';
import { checkConfig } from '../doctor/check-config.ts';
import { checkFolder } from '../doctor/check-folder.ts';
import { approverFindings, ledgerFindings, serverFindings } from '../doctor/check-inside.ts';
import { count, type Finding, findingLines, ok, problem, skipped, warning } from '../doctor/finding.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';

interface DoctorOptions {
  readonly config?: string;
  readonly policies?: string;
}

const PATIENCE = { timeoutMs: 60_000, maxRetries: 0 };

async function originOf(context: Context, facts: ConfigFacts | undefined): Promise<string | undefined> {
  try {
    return new URL((await context.address()).origin).origin;
  } catch (error) {
    if (isCountersignError(error) && error.code === 'invalid_request') return facts?.origin;
    throw error;
  }
}

async function ledgerFinding(client: Countersign): Promise<Finding> {
  const { ok: holds, size, problem: found } = await client.logs.verify(PATIENCE);
  if (holds) return ok('ledger', `${size} entries verify against the signed head`);
  const where = found === null || found === undefined ? '' : `entry ${found.seq}: ${found.reason}`;
  return problem(
    'ledger',
    `it does not verify. ${where}`,
    'Keep a copy of the database before you do anything else.',
  );
}

/** What only somebody with a key is told. */
async function insideFindings(context: Context, origin: string): Promise<Finding[]> {
  const client = await context.client();
  const diagnostics = await client.diagnose(PATIENCE);
  const { publicOrigin, version } = diagnostics;
  const { deps } = context;
  const [servers, approvers, witnesses, ledger, page] = await Promise.all([
    collect((page) => client.servers.list(page, PATIENCE), EVERY),
    collect((page) => client.approvers.list(page, PATIENCE), EVERY),
    client.witnesses.list(PATIENCE),
    ledgerFinding(client),
    pageFinding(publicOrigin, deps.now),
  ]);
  const sameVersion = version === deps.version;
  return [
    sameVersion
      ? ok('version', `the gateway and this command line are ${version}`)
      : warning(
          'version',
          `the gateway is ${version}, this command line ${deps.version}`,
          'Use the same version of both.',
        ),
    originFinding(origin, publicOrigin),
    page,
    ...serverFindings(servers.data, diagnostics.servers),
    ...approverFindings(approvers.data, diagnostics.decisions),
    ledger,
    ...ledgerFindings({ ...diagnostics, witnesses }),
  ];
}

/** The gateway as it is reached. Where it is down, only that is told. */
async function gatewayFindings(context: Context, origin: string | undefined): Promise<Finding[]> {
  const { deps } = context;
  if (origin === undefined) {
    return [
      problem('gateway', 'no gateway is known', 'Name one with --url, or start one here: countersign up'),
    ];
  }
  const findings: Finding[] = [];
  try {
    const { status, skewMs } = await reach(`${origin}/readyz`, deps.now);
    if (status === 200) findings.push(ok('gateway', `${origin} is ready`));
    else if (status === 403) return [await pageFinding(origin, deps.now)];
    else {
      const todo =
        status === 503
          ? 'It starts or closes. Try again.'
          : 'Is it a Countersign gateway that answers there?';
      return [problem('gateway', `${origin} answers with HTTP ${status}`, todo)];
    }
    findings.push(...clockFinding(skewMs));
  } catch (error) {
    return [unreachable('gateway', origin, error)];
  }
  try {
    findings.push(...(await insideFindings(context, origin)));
  } catch (error) {
    findings.push(...insideProblem(error));
    findings.push(await pageFinding(origin, deps.now));
  }
  return findings;
}

function insideProblem(error: unknown): Finding[] {
  const code = isCountersignApiError(error) || isCountersignError(error) ? error.code : '';
  const todo =
    code === 'unauthenticated' || code === 'forbidden'
      ? 'Give a key with the role reader, by COUNTERSIGN_API_KEY or COUNTERSIGN_API_KEY_FILE.'
      : 'The diagnostics log of the gateway says more.';
  return [
    problem('access', errorText(error), todo),
    skipped('inside', 'servers, approvers and ledger were not looked at'),
  ];
}

async function doctor(context: Context, options: DoctorOptions): Promise<ExitCode> {
  const { deps, out, dataDir, givenDataDir } = context;
  out.status('Looking…');
  const { facts, findings: config } = await checkConfig(context, options);
  const origin = await originOf(context, facts);
  // Where nothing says otherwise, the data is where the command line finds its key.
  const folder = givenDataDir ?? (deps.env.COUNTERSIGN_DATA_DIR ? dataDir : (facts?.dataDir ?? dataDir));
  const findings = [
    ...config,
    ...(await checkFolder({ dataDir: folder, platform: deps.platform })),
    ...(await gatewayFindings(context, origin)),
  ];
  out.status('');
  const problems = count(findings, 'problem');
  const warnings = count(findings, 'warning');
  if (out.json) out.value({ ok: problems === 0, problems, warnings, findings });
  else {
    out.lines(findingLines(findings, out));
    out.line();
    out.line(
      problems + warnings === 0
        ? out.style('green', 'Everything is well.')
        : `${problems} problem${problems === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`,
    );
  }
  return problems === 0 ? EXIT.ok : EXIT.error;
}

/** `doctor`: what is wrong, and what to do. */
export function addDoctorCommand(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('look for what is wrong here, with the gateway, and with what stands behind it')
    .option('--config <file>', 'the configuration that the gateway is started with')
    .option('--policies <dir>', 'the folder of the policy files')
    .addHelpText(
      'after',
      '\nIt changes nothing, and works while the gateway is down. It ends with 1 when there is a problem.' +
        '\n\nExample:\n  $ countersign doctor --json',
    )
    .action(cli.action((context, options: DoctorOptions) => doctor(context, options)));
}
