import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHttpCaller } from './caller.ts';
import { firstJson, ROOT, spawnNode } from './spawned.ts';
import type { Downstream, Target } from './target.ts';

/** What the gateway says when it serves. */
interface Ready {
  readonly event: 'ready';
  readonly origin: string;
  /** Both only when the data folder was new. */
  readonly api_key?: string;
  readonly enrol_url?: string;
}

export interface Gateway {
  readonly child: ChildProcess;
  /** As browsers know it: http://localhost:PORT. */
  readonly origin: string;
  readonly apiKey: string;
  readonly enrolUrl: string | undefined;
  /** Makes a session that may call everything and returns how to reach it. */
  mint(): Promise<{ url: string; headers: Record<string, string> }>;
}

/** The program that `npm start` runs. */
export const BUILT = 'dist/main.js';

const FILLERS = 45;

/** 50 rules: 45 about other tools, half of them with a condition, one for each of the echo tools, two about actions. */
function policyText(): string {
  const fillers = Array.from({ length: FILLERS }, (_, index) => {
    const when = index % 2 === 0 ? '' : `\n    when: args.amount > ${index}`;
    return `  - id: other-${index}\n    match: { tools: ["other_${index}_*"] }${when}\n    effect: ${index % 3 === 0 ? 'deny' : 'hold'}`;
  });
  return [
    'version: 1',
    'defaults: { effect: hold, on_error: hold, mode: enforce }',
    'rules:',
    ...fillers,
    '  - id: echo-reads\n    match: { tools: ["bench/echo"] }\n    effect: allow\n    read_only: true\n    intent: parallel',
    '  - id: echo-writes\n    match: { tools: ["bench/echo_write"] }\n    effect: allow',
    '  - id: echo-held\n    match: { tools: ["bench/echo_held"] }\n    effect: hold',
    '  - id: free-actions\n    match: { tools: ["bench.free"], kinds: [action] }\n    effect: allow',
    '  - id: held-actions\n    match: { tools: ["bench.held"], kinds: [action] }\n    effect: hold',
    '',
  ].join('\n');
}

function isReady(value: unknown): value is Ready {
  return (value as { event?: unknown }).event === 'ready';
}

/** What `countersign up` is started with; `servers` is the `mcpServers` object, `main` the program below the root. */
export function upArgs(
  folder: string,
  servers: Readonly<Record<string, unknown>>,
  { port = '0', main = BUILT } = {},
): string[] {
  const policies = join(folder, 'policies');
  mkdirSync(policies, { recursive: true });
  writeFileSync(join(policies, 'bench.yaml'), policyText());
  const config = join(folder, 'mcp.json');
  writeFileSync(config, JSON.stringify({ mcpServers: servers }));
  const places = ['--data-dir', join(folder, 'data'), '--config', config, '--policies', policies];
  // As the package's own scripts start it.
  return ['--max-semi-space-size=16', join(ROOT, main), 'up', '--json', '--port', port, ...places];
}

/**
 * Starts a gateway on a folder and waits until it serves. `again` starts it on a folder that is in use already, at
 * the same address and with the API key of its first start.
 */
export async function startGateway(
  folder: string,
  servers: Readonly<Record<string, unknown>>,
  again?: Gateway,
): Promise<Gateway> {
  const port = again === undefined ? '0' : new URL(again.origin).port;
  const started = spawnNode(upArgs(folder, servers, { port }), { env: { NODE_ENV: 'production' } });
  const {
    origin,
    api_key: key = again?.apiKey ?? '',
    enrol_url: enrolUrl,
  } = await firstJson(started, isReady);
  const base = origin.replace('//localhost', '//127.0.0.1');
  const host = new URL(origin).host;
  return {
    child: started.child,
    origin,
    apiKey: key,
    enrolUrl,
    mint: async () => {
      const response = await fetch(new URL('/v1/sessions', origin), {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ subject: 'bench', tools: ['*'], ttl_ms: 3_600_000 }),
      });
      const text = await response.text();
      if (response.status !== 201) throw new Error(`POST /v1/sessions answered ${response.status}: ${text}`);
      const { mcp } = JSON.parse(text) as { mcp: { url: string; headers: Record<string, string> } };
      const { pathname } = new URL(mcp.url);
      return { url: `${base}${pathname}`, headers: { ...mcp.headers, host } };
    },
  };
}

/** One way of calling through a gateway; every agent has a session of its own. */
export function gatewayTarget(
  gateway: Gateway,
  downstream: Downstream,
  way: { name: string; tool: string },
): Target {
  return {
    ...way,
    downstream,
    kind: 'gateway',
    child: gateway.child,
    open: async () => {
      const { url, headers } = await gateway.mint();
      return openHttpCaller(url, headers);
    },
  };
}
