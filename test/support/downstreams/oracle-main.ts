import { closeSync, existsSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { JsonObject } from '../../../src/core/json.ts';
import { sliceMembers } from '../../../src/core/json-slice.ts';

const object = (properties: JsonObject, required: string[]): JsonObject => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const text = { type: 'string' };
const integer = { type: 'integer' };

const TOOLS: JsonObject[] = [
  { name: 'crash', description: 'Ends the process without an answer.', inputSchema: object({}, []) },
  { name: 'echo', description: 'Says what it was told.', inputSchema: object({ text }, ['text']) },
  { name: 'fail', description: 'Always fails.', inputSchema: object({}, []) },
  {
    name: 'pay',
    description: 'Pays an amount to somebody.',
    inputSchema: object({ amount_cents: integer, to: text }, ['amount_cents', 'to']),
  },
  { name: 'slow', description: 'Answers after some milliseconds.', inputSchema: object({ ms: integer }, []) },
];

const file = process.argv[2];
if (file === undefined || (existsSync(file) && !statSync(file).isFile())) {
  process.stderr.write('usage: oracle-main <witness>, a regular file, because every call is synced to it\n');
  process.exit(2);
}
const witness = openSync(file, 'a');
const timers = new Map<unknown, NodeJS.Timeout>();

function say(message: JsonObject): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function answer(id: JsonObject[string], content: string, more: JsonObject = {}): void {
  say({ id, result: { content: [{ type: 'text', text: content }], ...more } });
}

function call(id: JsonObject[string], params: JsonObject, raw: string): void {
  writeSync(witness, `${raw}\n`);
  fsyncSync(witness);
  const args = (params.arguments ?? {}) as JsonObject;
  const token = (params._meta as JsonObject | undefined)?.progressToken;
  if (params.name === 'echo') answer(id, String(args.text));
  else if (params.name === 'pay') {
    answer(id, `paid ${args.amount_cents} cents to ${args.to}`, {
      structuredContent: { paid_cents: args.amount_cents ?? null, to: args.to ?? null },
    });
  } else if (params.name === 'fail') answer(id, 'it failed, as it always does', { isError: true });
  else if (params.name === 'crash') process.exit(7);
  else if (params.name === 'slow') {
    const progress = { progressToken: token ?? null, progress: 1, total: 2 };
    if (token !== undefined) say({ method: 'notifications/progress', params: progress });
    const done = () => timers.delete(id) && answer(id, 'done');
    timers.set(id, setTimeout(done, Number(args.ms ?? 100)));
  } else say({ id, error: { code: -32602, message: `Unknown tool ${String(params.name)}` } });
}

function handle(line: string): void {
  const message = JSON.parse(line) as JsonObject;
  const { id = null, method } = message;
  const params = (message.params ?? {}) as JsonObject;
  const span = sliceMembers(line)?.get('params');
  if (method === 'initialize') {
    const serverInfo = { name: 'oracle', version: '1.0.0' };
    say({
      id,
      result: {
        protocolVersion: params.protocolVersion ?? '2025-11-25',
        capabilities: { tools: {} },
        serverInfo,
      },
    });
  } else if (method === 'ping') say({ id, result: {} });
  else if (method === 'tools/list') say({ id, result: { tools: TOOLS } });
  else if (method === 'tools/call')
    call(id, params, span === undefined ? '' : line.slice(span.start, span.end));
  else if (method === 'notifications/cancelled') {
    clearTimeout(timers.get(params.requestId));
    timers.delete(params.requestId);
  } else if (id !== null) say({ id, error: { code: -32601, message: 'Method not found' } });
}

createInterface({ input: process.stdin })
  .on('line', handle)
  .on('close', () => {
    closeSync(witness);
    process.exit(0);
  });
