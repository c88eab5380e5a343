import { type Clock, systemStopwatch } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { VERSION } from '../core/version.ts';
import { assembleCatalog, type Collision, collisionText } from './assemble.ts';
import type {
  Catalog,
  DownstreamEvent,
  DownstreamOutcome,
  Downstreams,
  OfferedCapabilities,
} from './catalog.ts';
import { createSupervisor } from './keep.ts';
import type { Link, ListKind, Log, OpenLink, Timers } from './link.ts';
import { lockedTools, type ToolLock } from './lock.ts';
import type { Credentials } from './oauth/credential.ts';
import type { PinStore } from './pin.ts';
import { createReviews } from './review.ts';
import { refuseDoubledServers, type ServerConfig } from './server-config.ts';
import type { Supervisor } from './supervisor.ts';

const systemTimers: Timers = {
  now: systemStopwatch,
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Loads the transport that is needed, and the MCP SDK with it, only now. */
async function open(input: OpenLink): Promise<Link> {
  const { server, signal } = input;
  if (server.kind === 'stdio') {
    const { openStdio } = await import('./transports/stdio.ts');
    signal.throwIfAborted();
    return openStdio({ ...input, server });
  }
  if (server.kind === 'http') {
    const { openHttp } = await import('./transports/http.ts');
    signal.throwIfAborted();
    return openHttp({ ...input, server });
  }
  const { openSse } = await import('./transports/sse.ts');
  signal.throwIfAborted();
  return openSse({ ...input, server });
}

/** What the tools of a catalogue look like to an agent, to tell whether a list has changed. */
function fingerprint(catalog: Catalog, list: ListKind): string {
  if (list === 'tools')
    return catalog.tools
      .map(({ server, exposed, hash, state }) => `${server}\n${exposed}\n${hash}\n${state}`)
      .join('\n');
  return JSON.stringify(
    list === 'prompts' ? catalog.prompts : [catalog.resources, catalog.resourceTemplates],
  );
}

function offered(capabilities: readonly JsonObject[]): OfferedCapabilities {
  return {
    logging: capabilities.some(({ logging }) => isJsonObject(logging)),
    subscribe: capabilities.some(({ resources }) => isJsonObject(resources) && resources.subscribe === true),
    completions: capabilities.some(({ completions }) => isJsonObject(completions)),
  };
}

/**
 * Starts and keeps all servers. It returns at once; `ready()` waits for the first answers, and rejects with
 * `config_invalid` when two tools claim one exposed name. A collision that appears later makes the tools in question
 * unavailable and is told in `ServerStatus.problem`. Nothing is offered before its definition is pinned durably.
 */
export function createDownstreams(deps: {
  servers: readonly ServerConfig[];
  pins: PinStore;
  /** The credentials of servers that are reached by OAuth. */
  credentials?: ((server: ServerConfig) => Credentials | undefined) | undefined;
  /** Decides which definitions are accepted, instead of first sight and operators. */
  lock?: ToolLock | undefined;
  now: Clock;
  log: Log;
  spawnEnv: OpenLink['spawnEnv'];
  timers?: Timers;
  version?: string;
}): Downstreams {
  const {
    servers,
    pins,
    credentials,
    lock,
    now,
    log,
    spawnEnv,
    timers = systemTimers,
    version = VERSION,
  } = deps;
  refuseDoubledServers(servers);
  const listeners = new Set<(event: DownstreamEvent) => void>();
  const supervisors = new Map<string, Supervisor>();
  const state = { ...assembleCatalog([], 0), started: undefined as readonly Collision[] | undefined };

  function emit(event: DownstreamEvent): void {
    for (const listener of listeners) listener(event);
  }

  function rebuild(lists: readonly ListKind[]): void {
    const before = state.catalog;
    const views = [...supervisors.values()].map((supervisor) => supervisor.view());
    Object.assign(state, assembleCatalog(views, before.version + 1));
    for (const list of lists) {
      if (fingerprint(before, list) !== fingerprint(state.catalog, list)) emit({ kind: 'catalog', list });
    }
  }

  for (const config of servers) {
    const changed = (lists: readonly ListKind[]) => {
      if (supervisors.has(config.name)) rebuild(lists);
    };
    const supervisor = createSupervisor({
      config,
      open: (input) => open({ ...input, credentials: credentials?.(config) }),
      pins,
      lock: lockedTools(lock, config.name),
      timers,
      now,
      log,
      spawnEnv,
      version,
      changed,
      emit,
    });
    supervisors.set(config.name, supervisor);
  }
  rebuild([]);

  async function request({
    server,
    ...rest
  }: Parameters<Downstreams['request']>[0]): Promise<DownstreamOutcome> {
    const supervisor = supervisors.get(server);
    if (supervisor === undefined) {
      return { kind: 'not_sent', code: 'downstream_unavailable', reason: `there is no server "${server}"` };
    }
    return supervisor.call(rest);
  }

  return {
    catalog: () => state.catalog,
    request,
    reread: async (server) => supervisors.get(server)?.reread(),
    reconnect: async (server) => supervisors.get(server)?.reconnect(),
    ...createReviews({ pins, lock, supervisor: (server) => supervisors.get(server) }),
    relays: (server) => supervisors.get(server)?.config.relay ?? [],
    async watch({ server, uri }) {
      const supervisor = supervisors.get(server);
      if (supervisor === undefined) return { kind: 'refused', reason: `there is no server "${server}"` };
      return supervisor.watch(uri);
    },
    setLogLevel(level) {
      for (const supervisor of supervisors.values()) supervisor.setLogLevel(level);
    },
    capabilities: () => offered([...supervisors.values()].map((one) => one.capabilities() ?? {})),
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async ready() {
      await Promise.all([...supervisors.values()].map(({ settled }) => settled));
      state.started ??= state.collisions;
      if (state.started.length === 0) return;
      const what = state.started.slice(0, 5).map(collisionText).join('; ');
      throw new CountersignError('config_invalid', `Two servers cannot expose one tool name: ${what}.`);
    },
    async close() {
      await Promise.all([...supervisors.values()].map((supervisor) => supervisor.close()));
      listeners.clear();
    },
  };
}
