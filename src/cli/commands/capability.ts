import type { Command } from 'commander';
import { isCountersignApiError } from '../../sdk/api-error.ts';
import type { Capability } from '../../sdk/capabilities.ts';
import { type Cli, type Context, collect } from '../context.ts';
import { EXIT, type ExitCode, exitCodeOfState } from '../exit-code.ts';
import { wholeNumber } from '../option-value.ts';
import type { TableShape } from '../output.ts';
import { facts } from '../terminal-text.ts';
import { addVerifyCommand } from './capability-verify.ts';

const CAPABILITIES: TableShape<Capability> = {
  header: ['ID', 'APPROVAL', 'STATE', 'HOLDER', 'FOR', 'ISSUED', 'EXPIRES'],
  row: (one) => [one.id, one.approval, one.state, one.holder, one.aud, one.issuedAt, one.expiresAt],
  empty: 'There are no capabilities.',
};

const EXCHANGE_EXAMPLE = `
Example:
  $ countersign capability exchange --request apr_… --actor service-account:release-bot

The token is printed once and lasts at most 120 seconds. Afterwards say what happened:
  $ countersign approval outcome apr_… --state succeeded`;

const LIST_MAX = 10_000;

function capabilityFacts(one: Capability): string[] {
  return facts([
    ['Capability', one.id],
    ['Approval', one.approval],
    ['State', one.revokeReason === null ? one.state : `${one.state}: ${one.revokeReason}`],
    ['Holder', one.holder],
    ['For', one.aud],
    ['Basis', one.basis],
    ['Needs a key', one.dpop ? 'yes, proven by DPoP' : 'no'],
    ['Issued', one.issuedAt],
    ['Expires', one.expiresAt],
    ['Exchanged', one.exchangedAt],
    ['Token', one.token?.jti],
    ['Token ends', one.token?.expiresAt],
  ]);
}

/** The exit code that says why an exchange was refused: the approval's state, where that is the reason. */
async function refusalCode(context: Context, id: string, error: unknown): Promise<ExitCode | undefined> {
  if (!isCountersignApiError(error) || error.code !== 'conflict') return undefined;
  const code = exitCodeOfState(await (await context.client()).approvals.get(id));
  return code === EXIT.ok ? EXIT.error : code;
}

async function exchange(
  context: Context,
  { request, actor }: { request: string; actor?: string },
): Promise<ExitCode> {
  const { out } = context;
  const { serviceAccount } = await context.connection();
  const { capabilities } = await context.client();
  const [known] = (await capabilities.list({ approval: request })).data;
  const { newDpopKey } = await import('../../sdk/dpop.ts');
  const made = known?.dpop === true && serviceAccount === undefined ? await newDpopKey() : undefined;
  const dpop = known?.dpop === true ? (serviceAccount ?? made) : undefined;
  try {
    const exchanged = await capabilities.exchange(request, { actor, dpop });
    const key = made === undefined ? {} : { dpopKey: made.privateJwk };
    if (out.json) out.value({ ...exchanged, ...key });
    else {
      out.line(exchanged.token);
      out.note(`It lasts ${exchanged.expiresInSeconds} seconds and is not shown again.`);
      if (made !== undefined)
        out.note(`It is good only beside a proof by this key: ${JSON.stringify(made.privateJwk)}`);
    }
    return EXIT.ok;
  } catch (error) {
    const code = await refusalCode(context, request, error);
    if (code === undefined || !(error instanceof Error)) throw error;
    out.note(`error: ${error.message}`);
    return code;
  }
}

async function inspect({ client, out }: Context, what: string): Promise<ExitCode> {
  const { capabilities } = await client();
  if (what.startsWith('cap_')) {
    const found = await capabilities.get(what);
    if (out.json) out.value(found);
    else out.lines(capabilityFacts(found));
    return EXIT.ok;
  }
  const found = await capabilities.introspect(what);
  if (out.json) out.value(found);
  else if (found.active) {
    out.lines(
      facts(
        Object.entries(found).map(([name, value]): [string, string] => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]),
      ),
    );
  } else out.note('This token is not in force: it is not of this gateway, has run out, or was revoked.');
  return found.active ? EXIT.ok : EXIT.error;
}

/** `capability exchange|inspect|list|verify|revoke|rotate-key`. */
export function addCapabilityCommands(program: Command, cli: Cli): void {
  const capability = program
    .command('capability')
    .description('single-use rights to approved actions, and their tokens');

  capability
    .command('exchange')
    .description('exchange an approved action for its token; once')
    .requiredOption('--request <id>', 'the approval')
    .option('--actor <name>', 'who acts; refused when the approval names another')
    .addHelpText('after', EXCHANGE_EXAMPLE)
    .action(cli.action(exchange));

  capability
    .command('inspect <id-or-token>')
    .description('show a capability, or what a token of this gateway says while it is in force')
    .addHelpText('after', '\nExample:\n  $ countersign capability inspect cap_1a2b')
    .action(cli.action(inspect));

  capability
    .command('list')
    .description('list capabilities, newest first')
    .option('--request <id>', 'of this approval')
    .option('--limit <n>', 'how many', wholeNumber('--limit', { min: 1, max: LIST_MAX }), 50)
    .addHelpText('after', '\nExample:\n  $ countersign capability list --request apr_1a2b')
    .action(
      cli.action(async ({ client, out }, options: { request?: string; limit: number }) => {
        const { capabilities } = await client();
        const approval = options.request;
        out.list(
          await collect((page) => capabilities.list({ ...page, approval }), options.limit),
          CAPABILITIES,
        );
        return EXIT.ok;
      }),
    );

  addVerifyCommand(capability, cli);

  capability
    .command('revoke <id-or-token>')
    .description('end a capability now; before its exchange that makes the approval void')
    .option('--reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign capability revoke cap_1a2b --reason "no longer needed"',
    )
    .action(
      cli.action(async ({ client, out }, what: string, options: { reason?: string }) => {
        await (await client()).capabilities.revoke(what, { reason: options.reason });
        if (out.json) out.value({ revoked: true });
        else out.note('It is not in force any more.');
        return EXIT.ok;
      }),
    );

  capability
    .command('rotate-key')
    .description('sign tokens with a new key; the one before is accepted for 10 more minutes')
    .addHelpText('after', '\nExample:\n  $ countersign capability rotate-key')
    .action(
      cli.action(async ({ client, out }) => {
        const rotated = await (await client()).capabilities.rotateKey();
        if (out.json) out.value(rotated);
        else
          out.lines(
            facts([
              ['Key', rotated.kid],
              ['Before', rotated.previous],
            ]),
          );
        return EXIT.ok;
      }),
    );
}
