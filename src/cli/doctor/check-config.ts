import { resolve } from 'node:path';
import type { ConfigFacts } from '../../config/inspect.ts';
import { errorText } from '../../core/errors.ts';
import type { Context } from '../context.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The configuration, when it can be read, and what there is to say of it. */
export interface CheckedConfig {
  readonly facts: ConfigFacts | undefined;
  readonly findings: readonly Finding[];
}

function configFindings({ files, servers }: ConfigFacts): Finding[] {
  const clear = servers.filter(({ inTheClear }) => inTheClear);
  const count = `${servers.length} server${servers.length === 1 ? '' : 's'}`;
  return [
    ok('config', `${files.length === 0 ? 'no file, the defaults' : files.join(', ')} (${count})`),
    ...clear.map(({ name, place }) =>
      warning(
        'config',
        `${place}: the headers of "${name}" go over the network without TLS`,
        'Use its https:// address.',
      ),
    ),
  ];
}

async function policyFindings({ deps }: Context, dir: string): Promise<Finding[]> {
  const report = await (await deps.policyTools()).check(dir);
  if (report.ok && report.problems.length === 0) return [ok('policy', dir)];
  return report.problems.map(({ file, line, message }) => {
    const text = `${file}:${line}: ${message}`;
    const todo = 'Then check it: countersign policy check';
    return report.ok ? warning('policy', text, todo) : problem('policy', text, todo);
  });
}

/** Configuration and policy files of this machine, read as a start would read them. Never rejects. */
export async function checkConfig(
  context: Context,
  given: { config?: string; policies?: string },
): Promise<CheckedConfig> {
  const { deps, givenDataDir } = context;
  let facts: ConfigFacts;
  try {
    facts = await deps.inspectConfig({
      env: deps.env,
      ...(given.config === undefined ? {} : { configFile: resolve(deps.cwd, given.config) }),
      ...(given.policies === undefined ? {} : { policiesDir: resolve(deps.cwd, given.policies) }),
      ...(givenDataDir === undefined ? {} : { dataDir: givenDataDir }),
    });
  } catch (error) {
    const todo = 'The gateway does not start with it. See docs/configuration.md';
    return { facts: undefined, findings: [problem('config', errorText(error), todo)] };
  }
  try {
    return {
      facts,
      findings: [...configFindings(facts), ...(await policyFindings(context, facts.policiesDir))],
    };
  } catch (error) {
    const failed = problem('policy', errorText(error), 'The gateway does not start with it.');
    return { facts, findings: [...configFindings(facts), failed] };
  }
}
