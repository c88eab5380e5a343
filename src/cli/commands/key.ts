import type { Command } from 'commander';
import type { ApiKey, KeyRole } from '../../sdk/keys.ts';
import { type Cli, collect, EVERY } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { addItems } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { facts } from '../terminal-text.ts';

const KEYS: TableShape<ApiKey> = {
  header: ['ID', 'NAME', 'KEY', 'ROLES', 'CREATED', 'REVOKED'],
  row: (one) => [one.id, one.name, one.hint, one.roles.join(','), one.createdAt, one.revokedAt ?? ''],
  empty: 'There are no API keys.',
};

/** `key create|list|revoke`. */
export function addKeyCommands(program: Command, cli: Cli): void {
  const key = program.command('key').description('API keys for programs; no key can approve');

  key
    .command('create')
    .description('make an API key; it is shown once')
    .requiredOption('--name <name>', 'what it is for')
    .requiredOption(
      '--role <role...>',
      'operator, minter, reader or requester; repeat or separate by commas',
      addItems,
    )
    .addHelpText('after', '\nExample:\n  $ countersign key create --name ci --role minter,reader')
    .action(
      cli.action(async ({ client, out }, options: { name: string; role: KeyRole[] }) => {
        const created = await (await client()).keys.create({ name: options.name, roles: options.role });
        if (out.json) out.value(created);
        else {
          out.lines(
            facts([
              ['Key', created.key],
              ['Id', created.id],
              ['Roles', created.roles.join(', ')],
            ]),
          );
          out.note('It is not shown again: the gateway keeps only its hash.');
        }
        return EXIT.ok;
      }),
    );

  key
    .command('list')
    .description('list API keys, newest first')
    .option('--state <state>', 'only those in this state: active or revoked')
    .addHelpText('after', '\nExample:\n  $ countersign key list --state active')
    .action(
      cli.action(async ({ client, out }, { state }: { state?: 'active' | 'revoked' }) => {
        const { keys } = await client();
        out.list(await collect((page) => keys.list({ ...page, state }), EVERY), KEYS);
        return EXIT.ok;
      }),
    );

  key
    .command('revoke <id>')
    .description('end an API key now')
    .addHelpText('after', '\nExample:\n  $ countersign key revoke key_1a2b')
    .action(
      cli.action(async ({ client, out }, id: string) => {
        const revoked = await (await client()).keys.revoke(id);
        if (out.json) out.value(revoked);
        else
          out.lines(
            facts([
              ['Revoked', revoked.id],
              ['Name', revoked.name],
            ]),
          );
        return EXIT.ok;
      }),
    );
}
