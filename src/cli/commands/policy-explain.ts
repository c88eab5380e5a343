import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError, errorText } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../core/json.ts';
import type { CallExplanation, RuleTrace } from '../../sdk/policies.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT } from '../exit-code.ts';
import { pairs } from '../option-value.ts';
import type { Output } from '../output.ts';
import type { PolicyAnswer, PolicyQuestion } from '../ports.ts';
import { oneLine } from '../terminal-text.ts';
import { termsLines } from '../terms-lines.ts';

interface ExplainOptions {
  readonly args?: PolicyQuestion['args'];
  readonly user?: string;
  readonly label?: Record<string, string>;
  readonly policies?: string;
  readonly inForce?: boolean;
}

const RECORDED = /^(?:apr|req)_[0-9A-Za-z]+$/;

function parseArguments(text: string): JsonObject {
  const expected = '--args: expected a JSON object such as \'{"amount_cents": 7500}\'';
  try {
    const value = parseStrict(text);
    if (isJsonObject(value)) return value;
  } catch (cause) {
    throw new CountersignError('invalid_request', `${expected}. ${errorText(cause)}`, { cause });
  }
  throw new CountersignError('invalid_request', `${expected}.`);
}

function parseTool(text: string): { server: string; tool: string } {
  const match = /^([^/.]+)[/.](.+)$/.exec(text);
  if (match) return { server: match[1] as string, tool: match[2] as string };
  throw new CountersignError(
    'invalid_request',
    `Expected server/tool such as sandbox/payments_refund, or the id of a recorded call (req_…, apr_…), but got "${text}".`,
  );
}

const MARKS = { matched: '+', not_matched: '-', error: '!' } as const;

function traceLines(rule: RuleTrace): string[] {
  const why = rule.why === undefined ? '' : `: ${rule.why}`;
  return [
    `${MARKS[rule.outcome]} ${rule.rule} (${rule.file}:${rule.line}) ${rule.effect}${rule.shadow ? ' (shadow)' : ''}${why}`,
    ...rule.steps.map((step) => {
      const value = step.error === undefined ? `= ${step.value}` : `failed: ${step.error}`;
      return `${'  '.repeat(step.depth + 2)}${step.expression}  ${value}  [${step.line}:${step.column}]`;
    }),
    ...rule.exceeded.map((name) => `    limit ${name} is used up`),
  ].map(oneLine);
}

function printAnswer(out: Output, { verdict, rules }: PolicyAnswer): void {
  const { effect, risk, reason } = verdict;
  const colour = effect === 'allow' ? 'green' : effect === 'deny' ? 'red' : 'yellow';
  const more = `${risk === undefined ? '' : ` (risk ${risk})`}${reason === undefined ? '' : `: ${reason}`}`;
  const elsewhere = (rule: RuleTrace): boolean => rule.outcome === 'not_matched' && rule.steps.length === 0;
  const near = rules.filter((rule) => !elsewhere(rule));
  const terms = termsLines(verdict).map((line) => `  ${oneLine(line)}`);
  out.lines([`${out.style(colour, effect)}${oneLine(more)}`, ...terms, '', ...near.flatMap(traceLines)]);
  if (near.length < rules.length)
    out.line(out.style('dim', `${rules.length - near.length} rules do not concern this call.`));
}

async function ask(
  context: Context,
  question: PolicyQuestion,
  dir: string | undefined,
): Promise<PolicyAnswer> {
  const { deps } = context;
  if (dir !== undefined) return await (await deps.policyTools()).explain(resolve(deps.cwd, dir), question);
  const { server, tool, args, subject, labels } = question;
  return await (await context.client()).policies.explain({
    server,
    tool,
    args,
    session: { subject, labels },
  });
}

async function explainRecorded(
  context: Context,
  call: string,
  options: ExplainOptions,
): Promise<CallExplanation> {
  const { deps } = context;
  const { policies: dir, inForce, args, user, label } = options;
  if (args !== undefined || user !== undefined || label !== undefined)
    throw new CountersignError(
      'invalid_request',
      `--args, --user and --label are for a call that nobody made; ${call} has its own.`,
    );
  if (dir !== undefined && inForce === true)
    throw new CountersignError('invalid_request', 'Give either --policies or --in-force.');
  const files = dir === undefined ? undefined : await (await deps.policyTools()).read(resolve(deps.cwd, dir));
  const by = inForce === true ? 'in_force' : undefined;
  return (await context.client()).policies.explainCall({ call, by, files });
}

function printRecorded(out: Output, { call, policyVersion, ...answer }: CallExplanation): void {
  const name = call.server === '' ? call.tool : `${call.server}/${call.tool}`;
  out.lines(
    [
      `${call.id ?? `entry ${call.seq}`}  ${name}  ${call.at}  ${call.subject}`,
      `then: ${call.effect} by ${call.rule ?? 'the default'}, policy ${call.policyVersion}`,
      policyVersion === call.policyVersion
        ? 'explained by the same policy:'
        : `explained by ${policyVersion}:`,
    ].map(oneLine),
  );
  printAnswer(out, answer);
}

/** `policy explain`. */
export function addExplainCommand(policy: Command, cli: Cli): void {
  policy
    .command('explain <call>')
    .description(
      'show the verdict on a call and how each rule came to it: of server/tool, or of a recorded call by its id',
    )
    .option('--args <json>', 'the arguments of the call', parseArguments)
    .option('--user <id>', 'the end user of the session')
    .option(
      '--label <key=value>',
      'a label of the session; repeat for more',
      pairs('--label', 'team=support'),
    )
    .option('--policies <dir>', 'ask these files instead of the policy of the gateway')
    .option('--in-force', 'a recorded call by the policy in force, not by the one that judged it')
    .addHelpText(
      'after',
      `
Examples:
  $ countersign policy explain sandbox/payments_refund --args '{"invoice_id": "inv_1", "amount_cents": 7500}'
  $ countersign policy explain apr_0123456789                  why that call was held
  $ countersign policy explain apr_0123456789 --policies ./new  what new files would make of it`,
    )
    .action(
      cli.action(async (context, target: string, options: ExplainOptions) => {
        const { out } = context;
        if (RECORDED.test(target)) {
          const answer = await explainRecorded(context, target, options);
          if (out.json) out.value(answer);
          else printRecorded(out, answer);
          return EXIT.ok;
        }
        const question = {
          ...parseTool(target),
          args: options.args ?? {},
          subject: options.user,
          labels: options.label ?? {},
        };
        const answer = await ask(context, question, options.policies);
        if (out.json) out.value(answer);
        else printAnswer(out, answer);
        return EXIT.ok;
      }),
    );
}
