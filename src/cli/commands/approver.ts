import type { Command } from 'commander';
import type { Approver } from '../../sdk/approvers.ts';
import { type Cli, collect } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { TableShape } from '../output.ts';
import { oneLine } from '../terminal-text.ts';

const APPROVERS: TableShape<Approver> = {
  header: ['ID', 'NAME', 'GROUPS', 'PASSKEYS', 'CREATED'],
  row: (one) => [one.id, one.name, one.groups.join(','), String(one.passkeys.length), one.createdAt],
  empty:
    'Nobody is enrolled. Open the one-time link that "countersign up" printed (or: up --new-enrol-link).',
};

/** `approver list|invite`. */
export function addApproverCommands(program: Command, cli: Cli): void {
  const approver = program.command('approver').description('the people who can decide, each with a passkey');

  approver
    .command('list')
    .description('list the people and their groups')
    .action(
      cli.action(async ({ client, out }) => {
        const { approvers } = await client();
        out.list(await collect((page) => approvers.list(page), 10_000), APPROVERS);
        return EXIT.ok;
      }),
    );

  approver
    .command('invite')
    .description('open the page where a signed-in person invites another; no API key can')
    .action(
      cli.action(async ({ connection, out, deps }) => {
        const url = `${(await connection()).origin}/people`;
        const opened = deps.isTty.stdout && (await deps.openUrl(url));
        out.note(
          `Only a signed-in person can invite, on the dashboard${opened ? ' that was just opened' : ''}.`,
        );
        if (out.json) out.value({ url });
        else out.line(oneLine(url));
        return EXIT.ok;
      }),
    );
}
