import type { Command } from 'commander';
import type { WebhookEventType } from '../../sdk/unwrap-webhook.ts';
import type { Webhook, WebhookDelivery, WebhookWithSecret } from '../../sdk/webhooks.ts';
import { type Cli, type Context, collect, EVERY } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { EXIT } from '../exit-code.ts';
import { addItems, wholeNumber } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { facts } from '../terminal-text.ts';

const WEBHOOKS: TableShape<Webhook> = {
  header: ['ID', 'STATE', 'URL', 'EVENTS', 'WAITING', 'DEAD'],
  row: (one) => [
    one.id,
    one.enabled ? 'on' : `off (${one.disabledReason ?? 'unknown'})`,
    one.url,
    one.events.join(','),
    String(one.pending),
    String(one.dead),
  ],
  empty: 'There are no webhooks.',
};

const DELIVERIES: TableShape<WebhookDelivery> = {
  header: ['EVENT', 'TYPE', 'STATE', 'ATTEMPTS', 'LAST ANSWER', 'NEXT', 'CREATED'],
  row: (one) => [
    one.event,
    one.type,
    one.state,
    String(one.attempts),
    one.error ?? (one.status === null ? '' : String(one.status)),
    one.nextAt ?? '',
    one.createdAt,
  ],
  empty: 'There are no such deliveries.',
};

function show({ out }: Context, webhook: Webhook): void {
  if (out.json) {
    out.value(webhook);
    return;
  }
  out.lines(
    facts([
      ['Webhook', webhook.id],
      ['State', webhook.enabled ? 'on' : `off: ${webhook.disabledReason ?? 'unknown'}`],
      ['Url', webhook.url],
      ['Events', webhook.events.join(', ')],
      ['Description', webhook.description === '' ? null : webhook.description],
      ['Public key', webhook.publicKey],
      ['Old keys until', webhook.previousUntil],
      ['Waiting', String(webhook.pending)],
      ['Dead', String(webhook.dead)],
    ]),
  );
}

function showSecret(context: Context, made: WebhookWithSecret): void {
  if (!context.out.json) context.out.lines(facts([['Secret', made.secret]]));
  show(context, made);
  context.out.note('The secret is not shown again; the public key is.');
}

/** `webhook add|list|get|on|off|test|deliveries|redeliver|rotate|remove`, also as `webhooks`. */
export function addWebhookCommands(program: Command, cli: Cli): void {
  const webhook = program
    .command('webhook')
    .alias('webhooks')
    .description('where the gateway sends events: decisions, jobs, drift');

  webhook
    .command('add <url>')
    .description('send events there; the secret is shown once')
    .option('--event <type...>', 'only these; repeat or separate by commas (default: all)', addItems)
    .option('--description <text>', 'what it is for')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign webhook add https://hooks.example.com/in --event approval.decided,job.completed',
    )
    .action(
      cli.action(async (context, url: string, options: { event?: string[]; description?: string }) => {
        const { webhooks } = await context.client();
        const events = options.event as WebhookEventType[] | undefined;
        showSecret(context, await webhooks.create({ url, events, description: options.description }));
        return EXIT.ok;
      }),
    );

  webhook
    .command('list')
    .description('list webhooks')
    .addHelpText('after', '\nExample:\n  $ countersign webhook list')
    .action(
      cli.action(async ({ client, out }) => {
        const { webhooks } = await client();
        out.list(await collect((page) => webhooks.list(page), EVERY), WEBHOOKS);
        return EXIT.ok;
      }),
    );

  webhook
    .command('get <id>')
    .description('show one')
    .addHelpText('after', '\nExample:\n  $ countersign webhook get whk_1a2b')
    .action(
      cli.action(async (context, id: string) => {
        show(context, await (await context.client()).webhooks.get(id));
        return EXIT.ok;
      }),
    );

  for (const [name, enabled, what] of [
    ['on', true, 'send to it again, from now on and what had waited'],
    ['off', false, 'send nothing to it for now'],
  ] as const) {
    webhook
      .command(`${name} <id>`)
      .description(what)
      .addHelpText('after', `\nExample:\n  $ countersign webhook ${name} whk_1a2b`)
      .action(
        cli.action(async (context, id: string) => {
          show(context, await (await context.client()).webhooks.update(id, { enabled }));
          return EXIT.ok;
        }),
      );
  }

  webhook
    .command('test <id>')
    .description('send one event of the type webhook.test now; ends with 1 unless it is taken')
    .addHelpText('after', '\nExample:\n  $ countersign webhook test whk_1a2b')
    .action(
      cli.action(async ({ client, out }, id: string) => {
        const trial = await (await client()).webhooks.test(id);
        if (out.json) out.value(trial);
        else if (trial.delivered) out.line(`Delivered: answered with ${trial.status}.`);
        else out.lines(facts([['Not delivered', trial.error]]));
        return trial.delivered ? EXIT.ok : EXIT.error;
      }),
    );

  webhook
    .command('deliveries <id>')
    .description('list deliveries, newest first')
    .option('--state <state>', 'pending, delivered or dead')
    .option('--limit <n>', 'how many at most', wholeNumber('--limit', { min: 1, max: 10_000 }), 50)
    .addHelpText('after', '\nExample:\n  $ countersign webhook deliveries whk_1a2b --state dead')
    .action(
      cli.action(
        async (
          { client, out },
          id: string,
          { state, limit }: { state?: WebhookDelivery['state']; limit: number },
        ) => {
          const { webhooks } = await client();
          out.list(await collect((page) => webhooks.deliveries(id, { ...page, state }), limit), DELIVERIES);
          return EXIT.ok;
        },
      ),
    );

  webhook
    .command('redeliver <id> [event]')
    .description('make one delivery again, or every dead one')
    .addHelpText('after', '\nExample:\n  $ countersign webhook redeliver whk_1a2b')
    .action(
      cli.action(async ({ client, out }, id: string, event: string | undefined) => {
        const count = await (await client()).webhooks.redeliver(id, { event });
        if (out.json) out.value({ id, count });
        else out.line(`${count} ${count === 1 ? 'delivery is' : 'deliveries are'} made again.`);
        return EXIT.ok;
      }),
    );

  webhook
    .command('rotate <id>')
    .description('put new keys in force; the secret is shown once')
    .option('--overlap <time>', 'how long the keys before sign too, such as 24h; 0s for not at all')
    .addHelpText('after', '\nExample:\n  $ countersign webhook rotate whk_1a2b --overlap 1d')
    .action(
      cli.action(async (context, id: string, { overlap }: { overlap?: string }) => {
        const overlapMs = overlap === undefined ? undefined : parseDuration(overlap, '--overlap');
        showSecret(context, await (await context.client()).webhooks.rotate(id, { overlapMs }));
        return EXIT.ok;
      }),
    );

  webhook
    .command('remove <id>')
    .description('remove it with its keys and deliveries')
    .addHelpText('after', '\nExample:\n  $ countersign webhook remove whk_1a2b')
    .action(
      cli.action(async ({ client, out }, id: string) => {
        await (await client()).webhooks.remove(id);
        if (out.json) out.value({ id, removed: true });
        else out.lines(facts([['Removed', id]]));
        return EXIT.ok;
      }),
    );
}
