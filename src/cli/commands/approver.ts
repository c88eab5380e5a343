import type { Command } from 'commander';
import type { Approver, Passkey } from '../../sdk/approvers.ts';
import { type Cli, collect } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { TableShape } from '../output.ts';
import { oneLine } from '../terminal-text.ts';

function passkeyText({ id, deviceType, suspectAt }: Passkey): string {
  const notes = [deviceType === 'multiDevice' ? 'copyable' : '', suspectAt === null ? '' : 'SUSPECT'];
  const text = notes.filter((note) => note !== '').join(' ');
  return text === '' ? id : `${id} (${text})`;
}

const APPROVERS: TableShape<Approver> = {
  header: ['ID', 'NAME', 'GROUPS', 'USER', 'PASSKEYS', 'CREATED'],
  row: (one) => [
    one.id,
    one.name,
    one.groups.join(','),
    one.subject ?? '',
    one.passkeys.map(passkeyText).join(', '),
    one.createdAt,
  ],
  empty:
    'Nobody is enrolled. Open the one-time link that "countersign up" printed (or: up --new-enrol-link).',
};

/** `approver list|invite`. */
export function addApproverCommands(program: Command, cli: Cli): void {
  const approver = program.command('approver').description('the people who can decide, each with a passkey');

  approver
    .command('list')
    .description('list the people, their groups and their passkeys')
    .addHelpText('after', '\nExample:\n  $ countersign approver list')
    .action(
      cli.action(async ({ client, out }) => {
        const { approvers } = await client();
        const people = await collect((page) => approvers.list(page), 10_000);
        out.list(people, APPROVERS);
        if (people.data.some((one) => one.passkeys.some((passkey) => passkey.suspectAt !== null)))
          out.note(
            'SUSPECT: it signed with a counter that went back, so somebody may have copied it. Remove it under People on the dashboard.',
          );
        return EXIT.ok;
      }),
    );

  approver
    .command('invite')
    .description('open the page where a signed-in person invites another; no API key can')
    .addHelpText('after', '\nExample:\n  $ countersign approver invite')
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
