import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  CatalogTool,
  DownstreamOutcome,
  Downstreams,
  ServerStatus,
} from '../../../src/downstream/catalog.ts';
import type { Log } from '../../../src/downstream/link.ts';
import type { Pin, PinStore, Refusal } from '../../../src/downstream/pin.ts';
import type { ServerConfig } from '../../../src/downstream/server-config.ts';
import { createDownstreams } from '../../../src/downstream/supervise.ts';

/** A directory that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A pin store in memory, with the duties of the port. */
export function memoryPins(): PinStore & { readonly rows: Map<string, Pin> } {
  const rows = new Map<string, Pin>();
  const key = (server: string, tool: string) => `${server}/${tool}`;
  const without = (at: string, hash?: string): ReadonlyMap<string, Refusal> =>
    new Map([...(rows.get(at)?.refusals ?? [])].filter(([one]) => one !== hash));
  return {
    rows,
    async read(server) {
      return new Map([...rows.values()].filter((pin) => pin.server === server).map((pin) => [pin.tool, pin]));
    },
    async record(server, { first, locked, changed, unlocked }) {
      for (const sighting of first) {
        rows.set(key(server, sighting.tool), {
          ...sighting,
          server,
          pinnedAt: 1,
          pinnedBy: 'first_seen',
          candidate: undefined,
          refusals: new Map(),
        });
      }
      for (const sighting of locked) {
        const { tool, hash } = sighting;
        rows.set(key(server, tool), {
          ...sighting,
          server,
          pinnedAt: 1,
          pinnedBy: 'tool_lock',
          candidate: undefined,
          refusals: without(key(server, tool), hash),
        });
      }
      for (const { tool, hash, definition } of unlocked) {
        rows.set(key(server, tool), {
          server,
          tool,
          hash: undefined,
          definition: undefined,
          pinnedAt: 1,
          pinnedBy: 'tool_lock',
          candidate: { hash, definition, seenAt: 2 },
          refusals: without(key(server, tool)),
        });
      }
      for (const { tool, hash, definition } of changed) {
        const pin = rows.get(key(server, tool));
        if (pin !== undefined)
          rows.set(key(server, tool), { ...pin, candidate: { hash, definition, seenAt: 2 } });
      }
    },
    async accept({ server, tool, hash, definition, by }) {
      const pin = rows.get(key(server, tool));
      if (pin === undefined || (pin.candidate?.hash !== hash && !pin.refusals.has(hash))) return false;
      rows.set(key(server, tool), {
        ...pin,
        hash,
        definition,
        pinnedAt: 3,
        pinnedBy: by,
        candidate: undefined,
        refusals: without(key(server, tool), hash),
      });
      return true;
    },
    async refuse({ server, tool, hash, by, reason }) {
      const pin = rows.get(key(server, tool));
      if (pin?.candidate?.hash !== hash || pin.refusals.has(hash)) return false;
      const refusals = new Map(pin.refusals).set(hash, { by, at: 4, reason });
      rows.set(key(server, tool), { ...pin, refusals });
      return true;
    },
  };
}

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

export function memoryLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn') };
}

/** Starts downstreams that are closed after the test. */
export function startDownstreams(
  servers: readonly ServerConfig[],
  more: Partial<Parameters<typeof createDownstreams>[0]> = {},
): Downstreams {
  const downstreams = createDownstreams({
    servers,
    pins: memoryPins(),
    now: () => Date.now(),
    log: memoryLog(),
    spawnEnv: process.env,
    version: '0.0.0-test',
    ...more,
  });
  onTestFinished(() => downstreams.close());
  return downstreams;
}

/** Polls until `probe` gives something, so that no test depends on how long a process takes to start. */
export async function eventually<T>(probe: () => T | undefined | false, limitMs = 15_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`did not happen within ${limitMs} ms: ${probe}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function statusOf(downstreams: Downstreams, name: string): ServerStatus {
  const status = downstreams.catalog().servers.find((server) => server.name === name);
  if (status === undefined) throw new Error(`no server ${name}`);
  return status;
}

export function toolOf(downstreams: Downstreams, name: string): CatalogTool | undefined {
  return downstreams.catalog().tools.find(({ tool }) => tool === name);
}

/** Calls a tool with the frozen form of its arguments. */
export function callTool(
  downstreams: Downstreams,
  call: { server: string; tool: string; args?: object } & Partial<Parameters<Downstreams['request']>[0]>,
): Promise<DownstreamOutcome> {
  const { server, tool, args = {}, ...rest } = call;
  const paramsText = JSON.stringify({ arguments: args, name: tool });
  return downstreams.request({ server, method: 'tools/call', paramsText, ...rest });
}

/** The first text block of a result. */
export function textOf(outcome: DownstreamOutcome): string {
  if (outcome.kind !== 'result')
    return `${outcome.kind}: ${'reason' in outcome ? outcome.reason : 'raw' in outcome ? outcome.raw : ''}`;
  const result = JSON.parse(outcome.raw) as { content: { text?: string }[] };
  return result.content[0]?.text ?? '';
}
