import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CountersignError } from '../../core/errors.ts';
import type { Cli, Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { oneLine } from '../terminal-text.ts';
import { addExplainCommand } from './policy-explain.ts';
import { addReplayCommand } from './policy-replay.ts';
import { addShadowCommand } from './policy-shadow.ts';

const DEFAULT_DIR = 'policies';

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

/** Never replaces a file that stands there. */
async function writeNew(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(text).finally(() => handle.close());
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    const why =
      code === 'EEXIST' ? 'exists already; name another file' : `cannot be written (${String(code)})`;
    throw new CountersignError('invalid_request', `--out: ${file} ${why}.`, { cause });
  }
}

async function schema({ deps, out }: Context, options: { out?: string }): Promise<ExitCode> {
  const text = `${JSON.stringify(await (await deps.policyTools()).schema(), null, 2)}\n`;
  if (options.out === undefined) deps.stdout.write(text);
  else {
    const file = resolve(deps.cwd, options.out);
    await writeNew(file, text);
    if (out.json) out.value({ file });
    else out.line(`Wrote ${file}`);
    out.note('Name it in the first line of a policy: # yaml-language-server: $schema=./policy.schema.json');
  }
  return EXIT.ok;
}

/** `policy check|test|explain|shadow|replay|schema`. */
export function addPolicyCommands(program: Command, cli: Cli): void {
  const policy = program.command('policy').description('the rules that allow, hold or deny a call');

  policy
    .command('check')
    .description('check policy files without putting them in force')
    .argument('[dir]', 'the folder of the files', DEFAULT_DIR)
    .addHelpText('after', '\nExample:\n  $ countersign policy check policies')
    .action(cli.action((context, dir: string) => check(context, dir)));

  policy
    .command('test')
    .description('run the *_test.yaml files beside the policy; ends with 8 when one fails')
    .argument('[dir]', 'the folder of the files', DEFAULT_DIR)
    .addHelpText('after', '\nExample:\n  $ countersign policy test policies')
    .action(cli.action((context, dir: string) => test(context, dir)));

  addExplainCommand(policy, cli);
  addShadowCommand(policy, cli);
  addReplayCommand(policy, cli);

  policy
    .command('schema')
    .description('the JSON Schema of policy files, with which editors complete and check them')
    .option('--out <file>', 'where to; stdout unless given')
    .addHelpText('after', '\nExample:\n  $ countersign policy schema --out policies/policy.schema.json')
    .action(cli.action((context, options: { out?: string }) => schema(context, options)));
}
