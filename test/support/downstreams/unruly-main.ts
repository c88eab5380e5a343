import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';

/**
 * A stdio server that misbehaves as its tools' names say. `argv[2]` is a JSON file, read at each `tools/list`, with
 * `{tools?: […], pages?: number, endless?: true}`; `argv[3]` says how it starts: `normal`, `exits-on-discover`,
 * `banner`, `garbage`, `never`, `modern`.
 */
const [, , settingsFile = '', manner = 'normal'] = process.argv;

const BEHAVIOURS = [
  'double',
  'env',
  'flood',
  'half',
  'hang',
  'huge',
  'late',
  'mojibake',
  'noise',
  'relist',
  'stubborn',
  'swallow',
];
const defaults: JsonObject[] = BEHAVIOURS.map((name) => ({ name, inputSchema: { type: 'object' } }));

function settings(): JsonObject {
  return existsSync(settingsFile) ? (JSON.parse(readFileSync(settingsFile, 'utf8')) as JsonObject) : {};
}

function say(message: JsonObject): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

function answer(id: JsonValue, text: string): void {
  say({ id, result: { content: [{ type: 'text', text }] } });
}

function list(id: JsonValue, params: JsonObject): void {
  const {
    tools = defaults,
    pages = 1,
    endless = false,
  } = settings() as { tools?: JsonObject[]; pages?: number; endless?: boolean };
  const size = Math.ceil(tools.length / pages);
  const page = Number(params.cursor ?? 0);
  const more = endless || page + 1 < pages ? { nextCursor: String(endless ? 1 : page + 1) } : {};
  say({ id, result: { tools: tools.slice(page * size, (page + 1) * size), ...more } });
}

const late = new Map<string, JsonValue>();

const CALLS: Record<string, (id: JsonValue, params: JsonObject) => void> = {
  double(id) {
    answer(id, 'first');
    answer(id, 'second');
  },
  env: (id) => answer(id, JSON.stringify(process.env)),
  flood(id) {
    const line = `${'stderr '.repeat(1_000)}\n`;
    for (let lines = 0; lines < 1_000; lines++) process.stderr.write(line);
    answer(id, 'flooded');
  },
  half(id) {
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"te`, () =>
      process.exit(1),
    );
  },
  hang: () => undefined,
  huge(id) {
    process.stdout.write(`{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`);
    const chunk = 'a'.repeat(1024 * 1024);
    for (let megabytes = 0; megabytes < 100; megabytes++) process.stdout.write(chunk);
    process.stdout.write('"}]}}\n');
  },
  late(id, params) {
    const { release } = (params.arguments ?? {}) as JsonObject;
    for (const waiting of late.values()) answer(waiting, 'late');
    late.clear();
    if (release === true) answer(id, 'released');
    else late.set(String(id), id);
  },
  mojibake(id) {
    process.stdout.write(Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]));
    answer(id, 'fine');
  },
  noise(id) {
    for (let lines = 0; lines < 200; lines++) process.stdout.write('this is not JSON-RPC\n');
    answer(id, 'after the noise');
  },
  relist(id) {
    say({ method: 'notifications/tools/list_changed' });
    answer(id, 'told');
  },
  stubborn(id) {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1_000);
    answer(id, String(process.pid));
  },
  swallow(id) {
    setInterval(() => undefined, 1_000);
    answer(id, 'swallowing');
    process.stdin.pause();
  },
};

function handle(line: string): void {
  const { id = null, method, params: given } = JSON.parse(line) as JsonObject;
  const params = (given ?? {}) as JsonObject;
  const capabilities = { tools: { listChanged: manner !== 'modern' } };
  if (manner === 'never') return;
  if (method === 'server/discover' && manner === 'exits-on-discover') process.exit(3);
  if (method === 'server/discover' && manner === 'modern') {
    say({
      id,
      result: {
        resultType: 'complete',
        ttlMs: 0,
        cacheScope: 'private',
        supportedVersions: ['2026-07-28'],
        capabilities,
      },
    });
  } else if (method === 'initialize') {
    say({
      id,
      result: { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'unruly', version: '1' } },
    });
  } else if (method === 'tools/list') list(id, params);
  else if (method === 'tools/call') CALLS[String(params.name)]?.(id, params);
  else if (id !== null) say({ id, error: { code: -32601, message: 'Method not found' } });
}

if (manner === 'banner') process.stdout.write('Welcome to the unruly server!\n');
if (manner === 'garbage') for (let lines = 0; lines < 500; lines++) process.stdout.write('{garbage\n');
createInterface({ input: process.stdin }).on('line', handle);
