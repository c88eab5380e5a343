import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StdioServer } from '../../../src/downstream/server-config.ts';

const PROGRAM = fileURLToPath(new URL('./oracle-main.ts', import.meta.url));

/** A stdio server definition for a program of the tests. */
export function stdioServer(
  server: Partial<StdioServer> & { name: string; args: readonly string[] },
): StdioServer {
  return {
    kind: 'stdio',
    command: process.execPath,
    env: {},
    cwd: undefined,
    prefix: undefined,
    timeoutMs: undefined,
    trustAnnotations: false,
    forwardCapability: false,
    relay: [],
    disabled: false,
    place: 'test.json:1',
    ...server,
  };
}

/**
 * An independent witness: a stdio MCP server with the tools `echo {text}`, `pay {amount_cents, to}`, `slow {ms}`,
 * `fail` and `crash`. Before anything else it appends the exact bytes of each `tools/call`'s `params`, one line per
 * call, to the file `witness`, and syncs it. `witness` must be a regular file: `/dev/null` cannot be synced.
 */
export function oracleServer({ name = 'oracle', witness }: { name?: string; witness: string }): StdioServer {
  return stdioServer({ name, args: [PROGRAM, witness] });
}

/** What the oracle has received so far: the `params` text of every call, in order. */
export function readWitness(witness: string): string[] {
  if (!existsSync(witness)) return [];
  return readFileSync(witness, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
