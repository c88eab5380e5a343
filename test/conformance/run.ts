import { parseArgs } from 'node:util';
import { errorText } from '../../src/core/errors.ts';
import { readBaseline } from './baseline.ts';
import { compare } from './compare.ts';
import { isClean, reasonsOf, reportOf } from './report.ts';
import { REVISIONS } from './suite.ts';
import { TOPOLOGIES } from './topology.ts';

const USAGE = `Runs the official MCP conformance suites against a fixture server, directly and through a gateway, and compares
check by check. Exits 1 when anything differs that test/conformance/baseline does not know, or no longer differs.

  --topology <name>   ${TOPOLOGIES.join(', ')}; may be repeated; all when left out
  --revision <date>   ${REVISIONS.join(', ')}; may be repeated; all when left out
  --scenario <name>   only this scenario
  --json              the whole comparison as JSON on standard output
  --explain           also say why the known differences are there
  --help`;

function chosen<T extends string>(
  option: string,
  all: readonly T[],
  given: readonly string[] | undefined,
): T[] {
  for (const value of given ?? []) {
    if (!all.some((one) => one === value)) {
      console.error(`--${option} ${value}: expected one of ${all.join(', ')}`);
      process.exit(2);
    }
  }
  return all.filter((one) => given === undefined || given.includes(one));
}

const { values } = parseArgs({
  options: {
    topology: { type: 'string', multiple: true },
    revision: { type: 'string', multiple: true },
    scenario: { type: 'string' },
    json: { type: 'boolean', default: false },
    explain: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else {
  const topologies = chosen('topology', TOPOLOGIES, values.topology);
  const revisions = chosen('revision', REVISIONS, values.revision);
  const onProgress = (said: string): void => console.error(said);
  const sections = await compare({ topologies, revisions, scenario: values.scenario, onProgress }).catch(
    (failure: unknown) => {
      console.error(errorText(failure));
      process.exit(2);
    },
  );
  console.log(values.json ? JSON.stringify(sections, null, 2) : `\n${reportOf(sections)}`);
  if (values.explain) {
    for (const name of ['direct', 'hop-by-hop', ...topologies]) {
      const text = reasonsOf(name, await readBaseline(name));
      if (text !== '') console.log(`\n${text}`);
    }
  }
  process.exitCode = sections.every(isClean) ? 0 : 1;
}
