import type { Command } from 'commander';
import type { Channel } from '../../sdk/channels.ts';
import { type Cli, collect, EVERY } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import type { TableShape } from '../output.ts';
import { facts } from '../terminal-text.ts';

function conditionsOf({ when }: Channel): string {
  const parts = Object.entries(when).flatMap(([key, list]) =>
    list === null ? [] : [`${key} ${(list as readonly string[]).join(',')}`],
  );
  return parts.length === 0 ? 'everything' : parts.join('; ');
}

function typeText({ type, devices }: Channel): string {
  if (devices === null) return type;
  return `${type} (${devices} device${devices === 1 ? '' : 's'})`;
}

const CHANNELS: TableShape<Channel> = {
  header: ['NAME', 'TYPE', 'WHEN', 'GATHERED', 'WAITING', 'DEAD', 'LAST PROBLEM'],
  row: (one) => [
    one.name,
    typeText(one),
    conditionsOf(one),
    String(one.gathered),
    String(one.pending),
    String(one.dead),
    one.lastError ?? '',
  ],
  empty: 'There are no channels. They stand in the configuration under "channels".',
};

/** `channel list|test`, also as `channels`. */
export function addChannelCommands(program: Command, cli: Cli): void {
  const channel = program
    .command('channel')
    .alias('channels')
    .description('how people are told that something waits: mail, ntfy, Slack, Discord, Web Push');

  channel
    .command('list')
    .description('list the configured channels')
    .addHelpText('after', '\nExample:\n  $ countersign channel list')
    .action(
      cli.action(async ({ client, out }) => {
        const { channels } = await client();
        out.list(await collect((page) => channels.list(page), EVERY), CHANNELS);
        return EXIT.ok;
      }),
    );

  channel
    .command('test <name>')
    .description('send a message that tells of nothing now; ends with 1 unless it is taken')
    .addHelpText('after', '\nExample:\n  $ countersign channel test oncall')
    .action(
      cli.action(async ({ client, out }, name: string) => {
        const trial = await (await client()).channels.test(name);
        if (out.json) out.value(trial);
        else if (trial.delivered)
          out.line(`Sent to ${name}${trial.error === null ? '' : `, ${trial.error}`}.`);
        else out.lines(facts([['Not sent', trial.error]]));
        return trial.delivered ? EXIT.ok : EXIT.error;
      }),
    );
}
