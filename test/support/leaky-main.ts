import { createInterface } from 'node:readline';

/**
 * A stdio server with the tool `burst`, which ends the process with an error that repeats its credential: on stderr, as
 * the traces of many programs do. `argv[2]` names the variable of the environment.
 */
const credential = process.env[process.argv[2] ?? ''] ?? '';

function say(id: unknown, result: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
}

function handle(line: string): void {
  const { id, method, params = {} } = JSON.parse(line);
  if (method === 'initialize')
    say(id, {
      protocolVersion: params.protocolVersion,
      capabilities: { tools: {} },
      serverInfo: { name: 'leaky', version: '1.0.0' },
    });
  else if (method === 'tools/list')
    say(id, { tools: [{ name: 'burst', inputSchema: { type: 'object', properties: {} } }] });
  else if (method === 'tools/call')
    process.stderr.write(`fatal: nobody let me in with ${credential}\n`, () => process.exit(3));
  else if (id !== undefined)
    process.stdout.write(
      `${JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no' } })}\n`,
    );
}

createInterface({ input: process.stdin }).on('line', handle);
