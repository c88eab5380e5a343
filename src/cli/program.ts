import { Command } from 'commander';
import { addApprovalCommands } from './commands/approval.ts';
import { addApproverCommands } from './commands/approver.ts';
import { addCapabilityCommands } from './commands/capability.ts';
import { addChannelCommands } from './commands/channel.ts';
import { addCompletionCommand } from './commands/completion.ts';
import { addConnectCommand } from './commands/connect.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addInitCommand } from './commands/init.ts';
import { addJobCommands } from './commands/job.ts';
import { addKeyCommands } from './commands/key.ts';
import { addLedgerCommands } from './commands/ledger.ts';
import { addLogsCommands } from './commands/logs.ts';
import { addOpenCommand } from './commands/open.ts';
import { addPolicyCommands } from './commands/policy.ts';
import { addProfileCommands } from './commands/profile.ts';
import { addServerCommands } from './commands/server.ts';
import { addSessionCommands } from './commands/session.ts';
import { addTryCommand } from './commands/try.ts';
import { addUpCommand } from './commands/up.ts';
import { addWebhookCommands } from './commands/webhook.ts';
import type { Cli } from './context.ts';
import { EXIT_CODES_TEXT } from './exit-code.ts';

const EXAMPLES = `
Examples:
  $ countersign up                                     start the gateway here
  $ countersign session mint --user ann --ttl 1h       access for an agent
  $ countersign connect claude --user ann --write      the same, into the client's file
  $ countersign approval list --state pending          what waits for a person
  $ countersign logs tail --json                       follow the ledger

${EXIT_CODES_TEXT}`;

const ADDERS = [
  addInitCommand,
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
  addWebhookCommands,
  addChannelCommands,
  addProfileCommands,
  addCompletionCommand,
];

/** The whole command line: every command with its arguments, options and help. */
export function createProgram(cli: Cli): Command {
  const { deps } = cli;
  const program = new Command('countersign')
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
    .option('--profile <name>', 'a gateway that was kept under a name (or COUNTERSIGN_PROFILE)')
    .option('--json', 'data as JSON on stdout')
    .configureOutput({
      writeOut: (text) => void deps.stdout.write(text),
      writeErr: (text) => void deps.stderr.write(text),
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  for (const add of ADDERS) add(program, cli);
  return program;
}
