import { errorText } from '../core/errors.ts';
import { isJsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { WatchOutcome } from './catalog.ts';
import type { Link, Log } from './link.ts';
import { failureOf, ownRequest } from './own-request.ts';

/** The resources of one server that somebody watches. */
export interface Watches {
  /** As `Downstreams.watch`. */
  watch(uri: string): Promise<WatchOutcome>;
  /** Subscribes on a new connection to all that is watched, and tells of each as changed. Never rejects. */
  renew(link: Link): Promise<void>;
}

interface Watch {
  holders: number;
  /** Why the server does not tell of it; undefined when it does. */
  readonly opened: Promise<string | undefined>;
}

type Follow = NonNullable<Link['follow']>;

/** Whether a server tells of changes of single resources. */
export function canSubscribe(link: Link): boolean {
  const { resources } = link.capabilities;
  return isJsonObject(resources) && resources.subscribe === true;
}

/**
 * One subscription towards the server for each resource, however many watch it: `resources/subscribe` on a legacy
 * connection; on one of 2026-07-28 a stream that is opened anew for what is watched by then. What is watched and
 * released at nearly the same time ends as the last of the two.
 */
export function createWatches(deps: {
  server: string;
  /** The connection that stands now. */
  link: () => Link | undefined;
  updated: (uri: string) => void;
  log: Log;
}): Watches {
  const { server, link: current, updated, log } = deps;
  const watches = new Map<string, Watch>();
  const chains = new Map<string, Promise<unknown>>();
  const followed = { link: undefined as Link | undefined, asked: new Set<string>(), told: new Set<string>() };
  const timeoutMs = LIMITS.downstreamProbeTimeoutMs;

  /** Steps that must not overtake one another: those for one resource, or all of one stream. */
  function inTurn<T>(key: string, step: () => Promise<T>): Promise<T> {
    const done = (chains.get(key) ?? Promise.resolve()).then(step);
    chains.set(key, done);
    void done.finally(() => {
      if (chains.get(key) === done) chains.delete(key);
    });
    return done;
  }

  /** Opens the stream for what is watched now. Resolves to why that failed; the former stream then still stands. */
  async function followAll(link: Link, follow: Follow): Promise<string | undefined> {
    const asked = [...watches.keys()];
    try {
      const told = await follow(asked);
      Object.assign(followed, { link, asked: new Set(asked), told: new Set(told) });
      return undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  async function subscribe(link: Link, uri: string): Promise<string | undefined> {
    const { follow } = link;
    if (follow === undefined) {
      return inTurn(uri, async () =>
        failureOf(await ownRequest(link, { method: 'resources/subscribe', params: { uri }, timeoutMs })),
      );
    }
    return inTurn('', async () => {
      const isKnown = followed.link === link && followed.asked.has(uri);
      const problem = isKnown ? undefined : await followAll(link, follow);
      return problem ?? (followed.told.has(uri) ? undefined : 'the server does not tell of this resource');
    });
  }

  async function unsubscribe(uri: string): Promise<void> {
    const link = current();
    if (link === undefined) return;
    const { follow } = link;
    if (follow !== undefined) {
      await inTurn('', async () => {
        if (watches.has(uri) || followed.link !== link || !followed.asked.has(uri)) return;
        const problem = await followAll(link, follow);
        if (problem !== undefined) log.debug({ server, problem }, 'a subscription could not be ended');
      });
      return;
    }
    await inTurn(uri, async () => {
      if (watches.has(uri)) return;
      const outcome = await ownRequest(link, { method: 'resources/unsubscribe', params: { uri }, timeoutMs });
      const problem = failureOf(outcome);
      if (problem !== undefined) log.debug({ server, problem }, 'a subscription could not be ended');
    });
  }

  function release(uri: string, watch: Watch): void {
    if (--watch.holders > 0 || watches.get(uri) !== watch) return;
    watches.delete(uri);
    void unsubscribe(uri);
  }

  return {
    async watch(uri) {
      const link = current();
      if (link === undefined) return { kind: 'refused', reason: `the server "${server}" is not available` };
      if (!canSubscribe(link))
        return {
          kind: 'refused',
          reason: `the server "${server}" does not tell of changes of its resources`,
        };
      let watch = watches.get(uri);
      if (watch === undefined) {
        if (watches.size >= LIMITS.watchedPerServer)
          return {
            kind: 'refused',
            reason: `${LIMITS.watchedPerServer} resources of "${server}" are watched already`,
          };
        // The stream of 2026-07-28 is opened for all that is in the map when its turn comes, so this stands there first.
        const opening = Promise.withResolvers<string | undefined>();
        watch = { holders: 0, opened: opening.promise };
        watches.set(uri, watch);
        opening.resolve(subscribe(link, uri));
      }
      const held = watch;
      held.holders++;
      const problem = await held.opened;
      if (problem !== undefined) {
        release(uri, held);
        return { kind: 'refused', reason: problem };
      }
      const state = { released: false };
      return {
        kind: 'watching',
        release() {
          if (state.released) return;
          state.released = true;
          release(uri, held);
        },
      };
    },
    async renew(link) {
      const uris = [...watches.keys()];
      await Promise.all(
        uris.map(async (uri) => {
          const problem = canSubscribe(link)
            ? await subscribe(link, uri)
            : 'it no longer offers subscriptions';
          if (problem === undefined) updated(uri);
          else log.warn({ server, problem }, 'changes of a resource that is watched are no longer told');
        }),
      );
    },
  };
}
