import { appendFileSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { JsonObject, JsonValue } from '../../../src/core/json.ts';

/**
 * A stdio server with tools, resources, prompts and completion, all from the JSON file `argv[2]`, which is read anew for
 * each list: `{tools?, resources?, templates?, prompts?, answers?, errors?, said?}`, where `answers` and `errors` give the raw
 * text of a result or an error by tool, URI or prompt. Every line received is appended to `argv[3]`. Tools named
 * `progress`, `hang` and `relist` do as they say, and `say` writes the lines of `said` first, with the token of progress for TOKEN.
 */
const [, , settingsFile = '', witness = '/dev/null'] = process.argv;

interface Settings {
  readonly tools?: JsonObject[];
  readonly resources?: JsonObject[];
  readonly templates?: JsonObject[];
  readonly prompts?: JsonObject[];
  readonly answers?: Record<string, string>;
  readonly errors?: Record<string, string>;
  readonly said?: string[];
}

function settings(): Settings {
  return JSON.parse(readFileSync(settingsFile, 'utf8')) as Settings;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function result(id: JsonValue, raw: string): void {
  write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${raw}}`);
}

function notify(method: string, params: JsonObject = {}): void {
  write(JSON.stringify({ jsonrpc: '2.0', method, params }));
}

function given(id: JsonValue, key: string, otherwise: JsonObject): void {
  const { answers = {}, errors = {} } = settings();
  const error = errors[key];
  if (error === undefined) result(id, answers[key] ?? JSON.stringify(otherwise));
  else write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"error":${error}}`);
}

function callTool(id: JsonValue, params: JsonObject): void {
  const name = String(params.name);
  const progressToken = (params._meta as JsonObject | undefined)?.progressToken;
  if (name === 'hang') return;
  if (name === 'say')
    for (const text of settings().said ?? [])
      write(text.replace('TOKEN', JSON.stringify(progressToken ?? 0)));
  if (name === 'relist') notify('notifications/tools/list_changed');
  if (name === 'progress' && progressToken !== undefined) {
    for (const progress of [1, 3, 2, 3, 5])
      notify('notifications/progress', { progressToken, progress, total: 5, message: `step ${progress}` });
  }
  given(id, name, { content: [{ type: 'text', text: `called ${name}` }] });
  if (name === 'progress' && progressToken !== undefined)
    notify('notifications/progress', { progressToken, progress: 9, total: 9 });
}

const METHODS: Record<string, (id: JsonValue, params: JsonObject) => void> = {
  initialize(id, params) {
    const capabilities = {
      tools: { listChanged: true },
      resources: {},
      prompts: {},
      completions: {},
      ...(settings().said === undefined ? {} : { logging: {} }),
    };
    const serverInfo = { name: 'library', version: '1.0.0' };
    const protocolVersion = params.protocolVersion ?? '2025-11-25';
    result(id, JSON.stringify({ protocolVersion, capabilities, serverInfo }));
  },
  ping: (id) => result(id, '{}'),
  'tools/list': (id) => result(id, JSON.stringify({ tools: settings().tools ?? [] })),
  'resources/list': (id) => result(id, JSON.stringify({ resources: settings().resources ?? [] })),
  'resources/templates/list': (id) =>
    result(id, JSON.stringify({ resourceTemplates: settings().templates ?? [] })),
  'prompts/list': (id) => result(id, JSON.stringify({ prompts: settings().prompts ?? [] })),
  'tools/call': callTool,
  'resources/read': (id, { uri = '' }) =>
    given(id, String(uri), { contents: [{ uri, text: `the text of ${String(uri)}` }] }),
  'prompts/get': (id, { name = '', arguments: args = {} }) =>
    given(id, String(name), {
      messages: [
        { role: 'user', content: { type: 'text', text: `${String(name)} ${JSON.stringify(args)}` } },
      ],
    }),
  'completion/complete': (id) =>
    result(id, '{"completion":{"values":["one","two"],"total":2,"hasMore":false}}'),
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    appendFileSync(witness, `${line}\n`);
    const { id, method, params = {} } = JSON.parse(line) as JsonObject;
    if (id === undefined) return;
    const handler = METHODS[String(method)];
    if (handler === undefined)
      write(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } }));
    else handler(id, params as JsonObject);
  })
  .on('close', () => process.exit(0));
