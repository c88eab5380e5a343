import { Command, CommanderError } from 'commander';
import { addApprovalCommands } from './commands/approval.ts';
import { addApproverCommands } from './commands/approver.ts';
import { addCapabilityCommands } from './commands/capability.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addJobCommands } from './commands/job.ts';
import { addKeyCommands } from './commands/key.ts';
import { addLedgerCommands } from './commands/ledger.ts';
import { addLogsCommands } from './commands/logs.ts';
import { addOpenCommand } from './commands/open.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addServerCommands } from './commands/server.ts';
import { addSessionCommands } from './commands/session.ts';
import { addTryCommand } from './commands/try.ts';
import { addUpCommand } from './commands/up.ts';
import { createCli, type Finish } from './context.ts';
import { EXIT, EXIT_CODES_TEXT } from './exit-code.ts';
import { reportFailure } from './failure.ts';
import type { CliDeps } from './ports.ts';

const EXAMPLES = `
Examples:
  $ countersign up                                     start the gateway here
  $ countersign session mint --user ann --ttl 1h       access for an agent
  $ countersign connect claude --user ann --write      the same, into the client's file
  $ countersign approval list --state pending          what waits for a person
  $ countersign logs tail --json                       follow the ledger

${EXIT_CODES_TEXT}`;

function createProgram(deps: CliDeps): Command {
  return new Command('countersign')
    .description('A Model Context Protocol gateway that freezes risky agent calls until a person signs them.')
    .version(deps.version)
    .option('--url <url>', 'the gateway (or COUNTERSIGN_URL)')
    .option(
      '--api-key <key>',
      'prefer COUNTERSIGN_API_KEY or COUNTERSIGN_API_KEY_FILE: other users see arguments',
    )
    .option('--service-account <id>', 'sign in as this account by its key (or COUNTERSIGN_SERVICE_ACCOUNT)')
    .option(
      '--key-file <file>',
      'the account’s private key, PEM or JWK (or COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE)',
    )
    .option('--data-dir <dir>', 'the data directory (or COUNTERSIGN_DATA_DIR; default: .countersign)')
    .option('--json', 'data as JSON on stdout')
    .configureOutput({
      writeOut: (text) => void deps.stdout.write(text),
      writeErr: (text) => void deps.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride();
}

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const finish: Finish = { exitCode: EXIT.ok, cleanUps: [] };
  const cli = createCli(deps, finish);
  const program = createProgram(deps);
  const adders = [
    addUpCommand,
    addTryCommand,
    addOpenCommand,
    addConnectCommand,
    addDoctorCommand,
    addSessionCommands,
    addApprovalCommands,
    addCapabilityCommands,
    addJobCommands,
    addLogsCommands,
    addLedgerCommands,
    addPolicyCommands,
    addServerCommands,
    addApproverCommands,
    addKeyCommands,
  ];
  for (const add of adders) add(program, cli);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return finish.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(error, { deps, json: argv.includes('--json') });
  } finally {
    for (const cleanUp of finish.cleanUps) cleanUp();
  }
}
