import type { Client, McpSubscription } from '@modelcontextprotocol/client';
import { errorText } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { LinkEvents, Log, Timers } from './link.ts';

const RELISTEN_MS = 1_000;
const LISTS = ['tools', 'resources', 'prompts'] as const;

/** The stream on which a server of 2026-07-28 tells of changes (`subscriptions/listen`). */
export interface Listening {
  /** As `Link.follow`: the stream is opened anew with these resources before the former one is closed. */
  follow(uris: readonly string[]): Promise<readonly string[]>;
}

/**
 * Listens for changes of the lists that the server says it tells of, and of the resources that are followed. A stream
 * that the server ends is opened again, and everything then counts as changed; when it cannot be, the link is down.
 */
export async function startListening(deps: {
  client: Client;
  events: LinkEvents;
  timers: Timers;
  log: Log;
}): Promise<Listening> {
  const { client, events, timers, log } = deps;
  const offered = client.getServerCapabilities();
  const lists = {
    ...(offered?.tools?.listChanged && { toolsListChanged: true }),
    ...(offered?.prompts?.listChanged && { promptsListChanged: true }),
    ...(offered?.resources?.listChanged && { resourcesListChanged: true }),
  };
  const state = { stream: undefined as McpSubscription | undefined, followed: [] as readonly string[] };

  async function open(uris: readonly string[]): Promise<McpSubscription | undefined> {
    const filter = { ...lists, ...(uris.length === 0 ? {} : { resourceSubscriptions: [...uris] }) };
    if (Object.keys(filter).length === 0) return undefined;
    const stream = await client.listen(filter, { timeout: LIMITS.downstreamProbeTimeoutMs });
    void stream.closed.then((cause) => {
      if (cause === 'local' || state.stream !== stream) return;
      timers.after(RELISTEN_MS, () => {
        if (state.stream !== stream) return;
        reopen(stream).catch((error: unknown) =>
          events.down(`its stream of changes ended: ${errorText(error)}`),
        );
      });
    });
    return stream;
  }

  /** Whatever changed while nobody listened is not told again, so all of it is taken to have changed. */
  async function reopen(lost: McpSubscription): Promise<void> {
    const stream = await open(state.followed);
    if (state.stream !== lost) return void (await stream?.close());
    state.stream = stream;
    for (const list of LISTS) events.changed(list);
    for (const uri of state.followed) events.resourceUpdated(uri);
  }

  state.stream = await open([]).catch((error: unknown) => {
    log.debug({ problem: errorText(error) }, 'the server does not tell of changes');
    return undefined;
  });

  return {
    async follow(uris) {
      const stream = await open(uris);
      const former = state.stream;
      state.stream = stream;
      state.followed = stream?.honoredFilter.resourceSubscriptions ?? [];
      await former?.close();
      return state.followed;
    },
  };
}
