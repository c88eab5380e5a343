import { type Clock, toRfc3339 } from '../core/clock.ts';
import { CountersignError, errorText } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { DownstreamEvent, DownstreamOutcome, ServerStatus } from './catalog.ts';
import { NOBODY } from './conversation.ts';
import {
  endedEarly,
  type Link,
  type LinkEvents,
  type ListKind,
  type Log,
  type OpenLink,
  type Timers,
} from './link.ts';
import { EMPTY_OFFER, readOffer } from './list.ts';
import { tellLogLevel } from './log-level.ts';
import { type MirroredArgument, mirror, mirroringTools } from './mirrored-headers.ts';
import type { LockedTools, Pin, PinStore } from './pin.ts';
import type { ServerConfig } from './server-config.ts';
import { acceptedTools, settlePins } from './settle-pins.ts';
import type { Supervisor } from './supervisor.ts';
import { taskWay } from './tasks/task-way.ts';
import { createWatches } from './watches.ts';

const ALL_LISTS: readonly ListKind[] = ['tools', 'resources', 'prompts'];
const PROBLEM_CHARACTERS = 300;

/** The pause before the next attempt after `failures` failures in a row: doubled each time, bounded, no chance in it. */
export function backoffMs(failures: number): number {
  return Math.min(
    LIMITS.downstreamBackoffMaxMs,
    LIMITS.downstreamBackoffMinMs * 2 ** Math.max(0, failures - 1),
  );
}

export function createSupervisor(deps: {
  config: ServerConfig;
  open: (input: OpenLink) => Promise<Link>;
  pins: PinStore;
  /** What the lock file holds of this server, if there is a lock file. */
  lock: LockedTools | undefined;
  timers: Timers;
  now: Clock;
  log: Log;
  spawnEnv: OpenLink['spawnEnv'];
  version: string;
  /** Something of `view()` is different; `lists` says which lists were read anew. */
  changed: (lists: readonly ListKind[]) => void;
  emit: (event: DownstreamEvent) => void;
}): Supervisor {
  const { config, open, pins, lock, timers, now, log, spawnEnv, version, changed, emit } = deps;
  const state = {
    phase: (config.disabled ? 'stopped' : 'connecting') as ServerStatus['state'],
    problem: config.disabled ? `disabled at ${config.place}` : (undefined as string | undefined),
    link: undefined as Link | undefined,
    era: undefined as Link['era'] | undefined,
    info: undefined as JsonObject | undefined,
    offer: EMPTY_OFFER,
    pinned: new Map<string, Pin>() as ReadonlyMap<string, Pin>,
    accepted: new Map<string, string>() as ReadonlyMap<string, string>,
    mirroring: new Map() as ReadonlyMap<string, readonly MirroredArgument[]>,
    /** When the tools that are known were asked for, by `timers`. */
    askedAt: 0,
    failures: 0,
    upSince: 0,
    legacyOnly: false,
    logLevel: undefined as string | undefined,
    dirty: new Set<ListKind>(),
    refreshing: undefined as Promise<void> | undefined,
    closed: false,
    attempt: Promise.resolve(),
    retry: undefined as { cancel(): void } | undefined,
  };
  const unwanted = new AbortController();
  const { signal } = unwanted;
  const ending = new Set<Promise<void>>();
  const links = new Set<Link>();
  const updated = (uri: string) => emit({ kind: 'resource_updated', server: config.name, uri });
  const watches = createWatches({ server: config.name, link: () => state.link, updated, log });

  function finish(link: Link, how: 'retire' | 'close'): void {
    const done = link[how]()
      .catch((error: unknown) =>
        log.warn({ server: config.name, problem: errorText(error) }, 'a connection did not end cleanly'),
      )
      .finally(() => {
        ending.delete(done);
        links.delete(link);
      });
    ending.add(done);
  }

  /** Reads lists and pins; nothing of it is visible before changed definitions are recorded. */
  async function load(link: Link, lists: ReadonlySet<ListKind>): Promise<void> {
    const askedAt = lists.has('tools') ? timers.now() : state.askedAt;
    const offer = await readOffer({ link, server: config.name, lists, before: state.offer });
    const pinned = lists.has('tools')
      ? await settlePins({ pins, server: config.name, lock, log, emit }, offer.tools)
      : state.pinned;
    const accepted = acceptedTools(offer.tools, pinned);
    Object.assign(state, { offer, pinned, accepted, mirroring: mirroringTools(offer.tools), askedAt });
  }

  function fail(error: unknown): void {
    if (state.closed) return;
    if (now() - state.upSince >= LIMITS.downstreamBackoffMaxMs && state.phase === 'ready') state.failures = 0;
    state.failures++;
    const delay = backoffMs(state.failures);
    const reason = errorText(error).replaceAll(/\s+/g, ' ').slice(0, PROBLEM_CHARACTERS);
    state.phase = 'down';
    state.problem = `${reason}; it is tried again at ${toRfc3339(now() + delay)} (in ${delay / 1_000} s)`;
    log.warn({ server: config.name, problem: state.problem }, 'a server is down');
    const { link } = state;
    state.link = undefined;
    if (link !== undefined) finish(link, 'retire');
    state.retry = timers.after(delay, () => {
      state.attempt = connect();
    });
    changed([]);
  }

  function refresh(list: ListKind): void {
    state.dirty.add(list);
    if (state.refreshing !== undefined || state.link === undefined) return;
    state.refreshing = reload(state.link).finally(() => {
      state.refreshing = undefined;
      const next = [...state.dirty][0];
      if (next !== undefined && state.link !== undefined) refresh(next);
    });
  }

  async function reload(link: Link): Promise<void> {
    const lists = new Set(state.dirty);
    state.dirty.clear();
    try {
      await load(link, lists);
      if (state.link === link) changed([...lists]);
    } catch (error) {
      if (state.link === link) fail(error);
    }
  }

  async function connect(): Promise<void> {
    if (state.closed) return;
    state.phase = 'connecting';
    changed([]);
    const own = { link: undefined as Link | undefined, fallen: undefined as string | undefined };
    const events: LinkEvents = {
      down(reason) {
        own.fallen ??= reason;
        if (own.link !== undefined && state.link === own.link) fail(reason);
      },
      changed(list) {
        if (own.link === undefined || state.link === own.link) refresh(list);
      },
      resourceUpdated(uri) {
        if (state.link === own.link) updated(uri);
      },
    };
    try {
      const link = await open({
        server: config,
        events,
        timers,
        log,
        spawnEnv,
        version,
        signal,
        legacyOnly: state.legacyOnly,
      });
      own.link = link;
      links.add(link);
      state.dirty.clear();
      await load(link, new Set(ALL_LISTS));
      if (own.fallen !== undefined) throw new CountersignError('downstream_unavailable', own.fallen);
      if (state.closed) return;
      const { era, info } = link;
      Object.assign(state, { link, era, info, phase: 'ready', problem: undefined, upSince: now() });
      log.info({ server: config.name, era, tools: state.offer.tools.length }, 'a server is ready');
      changed(ALL_LISTS);
      for (const list of state.dirty) refresh(list);
      tellLogLevel(link, state.logLevel, log);
      void watches.renew(link);
    } catch (error) {
      if (own.link !== undefined) finish(own.link, 'close');
      if (!endedEarly(error)) return fail(error);
      state.legacyOnly = true;
      await connect();
    }
  }

  /** Waits until what the server has announced by now was read, and asks it again when its list is that old. */
  async function upToDate(maxAgeMs: number): Promise<void> {
    if (state.link !== undefined && timers.now() - state.askedAt >= maxAgeMs) refresh('tools');
    // A reading under way may have begun before the announcement; the one after it has not.
    for (let round = 0; round < 2 && state.refreshing !== undefined; round++) await state.refreshing;
  }

  async function call(request: Parameters<Supervisor['call']>[0]): Promise<DownstreamOutcome> {
    const { judged, stillAllowed, conversation = NOBODY, ...rest } = request;
    if (judged !== undefined) await upToDate(LIMITS.toolListMaxAgeMs);
    if (stillAllowed?.() === false)
      return { kind: 'not_sent', code: 'cancelled', reason: 'the session ended before the call was sent' };
    const { link } = state;
    if (link === undefined) {
      const reason = state.problem ?? `it is ${state.phase}`;
      return {
        kind: 'not_sent',
        code: 'downstream_unavailable',
        reason: `the server "${config.name}" is not available: ${reason}`,
      };
    }
    if (request.retry !== undefined && link.era === 'legacy') {
      const reason = `the server "${config.name}" no longer speaks the revision in which it asked for input`;
      return { kind: 'not_sent', code: 'downstream_unavailable', reason };
    }
    if (judged !== undefined && state.accepted.get(judged.tool) !== judged.hash) {
      const reason = `the server "${config.name}" has changed the definition of "${judged.tool}" since it was listed. An operator must review and accept the new definition; list the tools again`;
      return { kind: 'not_sent', code: 'tool_quarantined', reason };
    }
    const timeoutMs = request.timeoutMs ?? config.timeoutMs ?? LIMITS.downstreamCallTimeoutMs;
    const paramHeaders = mirror(state.mirroring, request);
    const { meta, onProgress, signal: aborted } = rest;
    const own = {
      meta,
      onProgress,
      signal: aborted,
      timeoutMs,
      stillAllowed,
      conversation,
      ...taskWay({ link, tools: state.offer.tools, request }),
    };
    return link.call({ ...rest, ...own, ...(paramHeaders === undefined ? {} : { paramHeaders }) });
  }

  const settled = config.disabled ? Promise.resolve() : connect();
  return {
    config,
    view: () => ({
      config,
      offer: state.offer,
      pins: state.pinned,
      status: {
        name: config.name,
        kind: config.kind,
        state: state.phase,
        era: state.era,
        problem: state.problem,
        info: state.info,
      },
    }),
    capabilities: () => state.link?.capabilities,
    call,
    watch: watches.watch,
    setLogLevel(level) {
      state.logLevel = level;
      tellLogLevel(state.link, level, log);
    },
    reread: () => upToDate(0),
    async reconnect() {
      if (config.disabled || state.closed || state.phase === 'connecting') return;
      const { link } = state;
      state.link = undefined;
      if (link !== undefined) finish(link, 'retire');
      state.retry?.cancel();
      state.failures = 0;
      state.attempt = connect();
      await state.attempt;
    },
    async repin() {
      state.pinned = await pins.read(config.name);
      state.accepted = acceptedTools(state.offer.tools, state.pinned);
      changed(['tools']);
    },
    settled,
    async close() {
      state.closed = true;
      state.phase = 'stopped';
      state.problem = 'Countersign is shutting down';
      state.retry?.cancel();
      unwanted.abort();
      state.link = undefined;
      for (const link of links) finish(link, 'close');
      await Promise.all([settled, state.attempt, ...ending]);
      for (const link of links) finish(link, 'close');
      await Promise.all(ending);
    },
  };
}
