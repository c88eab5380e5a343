import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { ActionRequest } from '../../sdk/approvals.ts';
import type { Cli } from '../context.ts';
import { EXIT, exitCodeOfState } from '../exit-code.ts';
import { objectText, pairs } from '../option-value.ts';
import { oneLine } from '../terminal-text.ts';
import { show, waitFor } from './approval-shown.ts';

interface RequestOptions {
  readonly action: string;
  readonly resource: string;
  readonly actor?: string;
  readonly risk?: NonNullable<ActionRequest['risk']>;
  readonly metadata?: Record<string, string>;
  readonly argument?: Record<string, string>;
  readonly arguments?: JsonObject;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
  readonly timeout?: string;
}

interface OutcomeOptions {
  readonly state: 'succeeded' | 'failed';
  readonly note?: string;
}

const EXAMPLE = `
Example:
  $ countersign approval request --action deployment.execute --resource service:billing-api --risk high \\
      --actor service-account:release-bot --metadata environment=production --wait

Ends with 0 when it is approved, 3 denied, 5 still pending, 6 expired. Then exchange its capability:
  $ countersign capability exchange --request ID`;

function argumentsOf({ argument, arguments: object }: RequestOptions): ActionRequest['arguments'] {
  if (argument === undefined || object === undefined) return argument ?? object;
  throw new CountersignError('invalid_request', '--argument, --arguments: expected one of them, not both.');
}

/** `approval request|outcome`, for scripts that ask before they act. */
export function addRequestCommands(approval: Command, cli: Cli): void {
  approval
    .command('request')
    .description('ask for approval of something that this script is about to do')
    .requiredOption('--action <name>', 'what is to be done, such as deployment.execute')
    .requiredOption('--resource <name>', 'what it is done to, such as service:billing-api')
    .option('--actor <name>', 'who acts, such as service-account:release-bot; you unless told')
    .option('--risk <risk>', 'low, medium, high or critical; raises what policy says, never lowers it')
    .option(
      '--metadata <key=value>',
      'what approvers and policy should know; repeat for more',
      pairs('--metadata', 'environment=production'),
    )
    .option(
      '--argument <key=value>',
      'an argument, as text; repeat for more',
      pairs('--argument', 'version=1.2'),
    )
    .option('--arguments <json>', 'all arguments as a JSON object', objectText('--arguments'))
    .option(
      '--idempotency-key <key>',
      'a repetition under the same key gets the approval that is there already',
    )
    .option('--wait', 'wait for the decision')
    .option('--timeout <duration>', 'how long to wait at most, such as 30m; until it expires unless told')
    .addHelpText('after', EXAMPLE)
    .action(
      cli.action(async (context, options: RequestOptions) => {
        const { action, resource, actor, risk, metadata, idempotencyKey } = options;
        const { approvals } = await context.client();
        const asked = await approvals.request({
          action,
          resource,
          actor,
          risk,
          metadata,
          arguments: argumentsOf(options),
          idempotencyKey,
        });
        if (asked.state === 'pending') context.out.note(`A person decides on ${oneLine(asked.url)}`);
        const waits = options.wait === true && asked.state === 'pending';
        const answered = waits ? await waitFor(context, asked.id, options.timeout) : asked;
        show(context, answered);
        return exitCodeOfState(answered);
      }),
    );

  approval
    .command('outcome <id>')
    .description('report what became of an action whose capability you exchanged; once')
    .requiredOption('--state <outcome>', 'succeeded or failed')
    .option('--note <text>', 'what happened; kept on the ledger')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign approval outcome apr_1a2b --state succeeded --note "deployed 1.4"',
    )
    .action(
      cli.action(async (context, id: string, { state, note }: OutcomeOptions) => {
        show(context, await (await context.client()).approvals.reportOutcome(id, { state, note }));
        return EXIT.ok;
      }),
    );
}
