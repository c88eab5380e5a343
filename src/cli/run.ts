import { CommanderError } from 'commander';
import { createCli, type Finish } from './context.ts';
import { EXIT } from './exit-code.ts';
import { reportFailure } from './failure.ts';
import type { CliDeps } from './ports.ts';
import { createProgram } from './program.ts';

/** Runs one command line (without `node` and the script) and returns the exit code. Never throws. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const finish: Finish = { exitCode: EXIT.ok, cleanUps: [] };
  const cli = createCli(deps, finish);
  const program = createProgram(cli);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return finish.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return reportFailure(error, { deps, json: argv.includes('--json') });
  } finally {
    for (const cleanUp of finish.cleanUps) cleanUp();
  }
}
