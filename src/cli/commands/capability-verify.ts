import type { Command } from 'commander';
import type { CapabilityCheck } from '../../capabilities/verify/check-capability.ts';
import { CountersignError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { readIfPresent } from '../connection.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { objectText, pairs } from '../option-value.ts';

interface VerifyOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly jwks?: string;
  readonly digest?: string;
  readonly tool?: string;
  readonly server?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly actor?: string;
  readonly risk?: string;
  readonly metadata?: Record<string, string>;
  readonly arguments?: JsonObject;
  readonly withoutDecision?: boolean;
}

function callOf(options: VerifyOptions): CapabilityCheck['call'] {
  const {
    digest,
    tool,
    server,
    action,
    resource,
    actor,
    risk,
    metadata = {},
    arguments: args = {},
  } = options;
  if (digest !== undefined) return { digest };
  if (tool !== undefined) return { tool, arguments: args, ...(server === undefined ? {} : { server }) };
  if (action !== undefined && resource !== undefined && actor !== undefined)
    return { action, resource, actor, metadata, arguments: args, ...(risk === undefined ? {} : { risk }) };
  throw new CountersignError(
    'invalid_request',
    'What is it to be checked against? Give --tool with --arguments; or --action, --resource and --actor; or --digest.',
  );
}

async function verify(context: Context, token: string, options: VerifyOptions): Promise<ExitCode> {
  const { out, deps } = context;
  const jwks = options.jwks === undefined ? undefined : await readIfPresent(options.jwks);
  if (options.jwks !== undefined && jwks === undefined)
    throw new CountersignError('invalid_request', `--jwks: ${options.jwks} does not exist.`);
  const found = await deps.checkCapability({
    token,
    issuer: options.issuer,
    audience: options.audience,
    jwks,
    call: callOf(options),
    requireDecision: options.withoutDecision !== true,
    now: deps.now(),
  });
  if (out.json) out.value(found.ok ? { ok: true, ...found.capability } : found);
  else if (found.ok) out.line(out.style('green', 'This token is good for exactly this call.'));
  else out.note(`${found.reason} (${found.code})`);
  return found.ok ? EXIT.ok : EXIT.verificationFailed;
}

/** `capability verify`, which asks nobody but for the published keys. */
export function addVerifyCommand(capability: Command, cli: Cli): void {
  capability
    .command('verify <token>')
    .description('check a token as a downstream does, without asking the gateway; 7 when it does not hold')
    .requiredOption('--issuer <url>', 'the gateway’s public origin')
    .requiredOption('--audience <name>', 'whom it must be for: a server’s address, mcp:<name>, or a resource')
    .option('--jwks <file>', 'the gateway’s key set; fetched from the issuer unless told')
    .option('--tool <name>', 'the tool that is to be called')
    .option('--server <name>', 'its server, as the gateway names it; as the token says unless told')
    .option('--action <name>', 'the action that is to be carried out')
    .option('--resource <name>', 'what it is done to')
    .option('--actor <name>', 'who acts')
    .option('--risk <risk>', 'as it was declared')
    .option('--metadata <key=value>', 'repeat for more', pairs('--metadata', 'environment=production'))
    .option('--arguments <json>', 'the arguments as a JSON object', objectText('--arguments'))
    .option('--digest <hex>', 'the digest of the call, in place of all this')
    .option('--without-decision', 'accept what a rule allowed without anybody’s decision')
    .addHelpText(
      'after',
      '\nExample:\n  $ countersign capability verify "$TOKEN" --issuer https://gate.example --audience service:billing-api --action deployment.execute --resource service:billing-api --actor release-bot',
    )
    .action(cli.action(verify));
}
