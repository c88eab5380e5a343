import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError, errorText } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, parseStrict } from '../../core/json.ts';
import type { RuleTrace } from '../../sdk/policies.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { pairs } from '../option-value.ts';
import type { Output } from '../output.ts';
import type { PolicyAnswer, PolicyQuestion } from '../ports.ts';
import { oneLine } from '../terminal-text.ts';
import { termsLines } from '../terms-lines.ts';

interface ExplainOptions {
  readonly args: string;
  readonly user?: string;
  readonly label?: Record<string, string>;
  readonly policies?: string;
}

const DEFAULT_DIR = 'policies';

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
    `Expected server/tool such as sandbox/payments_refund, but got "${text}".`,
  );
}

async function check({ deps, out }: Context, dir: string): Promise<ExitCode> {
  const report = await (await deps.policyTools()).check(resolve(deps.cwd, dir));
  if (out.json) out.value(report);
  else {
    for (const { file, line, column, message } of report.problems) {
      out.line(`${oneLine(file)}:${line}:${column}  ${oneLine(message)}`);
    }
    if (report.ok) out.line(`${out.style('green', 'ok')}: version ${report.version}`);
  }
  if (!report.ok) out.note(`${report.problems.length} problems; nothing of this would be put in force.`);
  return report.ok ? EXIT.ok : EXIT.error;
}

async function test({ deps, out }: Context, dir: string): Promise<ExitCode> {
  const { results } = await (await deps.policyTools()).test(resolve(deps.cwd, dir));
  const failed = results.filter((one) => !one.ok);
  for (const one of results) {
    if (out.json) out.value(one);
    else if (one.ok) out.line(`${out.style('green', 'pass')}  ${oneLine(one.file)}  ${oneLine(one.name)}`);
    else {
      out.line(`${out.style('red', 'FAIL')}  ${oneLine(one.file)}  ${oneLine(one.name)}`);
      out.lines(one.failures.map((failure) => `      ${oneLine(failure)}`));
    }
  }
  if (results.length === 0)
    out.note(`No tests in ${dir}: a test file ends in _test.yaml and stands beside the policy.`);
  else out.note(`${results.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? EXIT.ok : EXIT.policyTestFailed;
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

/** `policy check|test|explain`. */
export function addPolicyCommands(program: Command, cli: Cli): void {
  const policy = program.command('policy').description('the rules that allow, hold or deny a call');

  policy
    .command('check')
    .description('check policy files without putting them in force')
    .argument('[dir]', 'the folder of the files', DEFAULT_DIR)
    .action(cli.action((context, dir: string) => check(context, dir)));

  policy
    .command('test')
    .description('run the *_test.yaml files beside the policy; ends with 8 when one fails')
    .argument('[dir]', 'the folder of the files', DEFAULT_DIR)
    .action(cli.action((context, dir: string) => test(context, dir)));

  policy
    .command('explain <server/tool>')
    .description('show the verdict on a call and how each rule came to it')
    .option('--args <json>', 'the arguments of the call', '{}')
    .option('--user <id>', 'the end user of the session')
    .option(
      '--label <key=value>',
      'a label of the session; repeat for more',
      pairs('--label', 'team=support'),
    )
    .option('--policies <dir>', 'ask these files instead of the policy that the gateway has in force')
    .addHelpText(
      'after',
      `\nExample:\n  $ countersign policy explain sandbox/payments_refund --args '{"invoice_id": "inv_1", "amount_cents": 7500}'`,
    )
    .action(
      cli.action(async (context, target: string, options: ExplainOptions) => {
        const question = {
          ...parseTool(target),
          args: parseArguments(options.args),
          subject: options.user,
          labels: options.label ?? {},
        };
        const answer = await ask(context, question, options.policies);
        const { out } = context;
        if (out.json) out.value(answer);
        else printAnswer(out, answer);
        return EXIT.ok;
      }),
    );
}
