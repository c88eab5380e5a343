import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  Client,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type Transport,
} from '@modelcontextprotocol/client';
import { errorText } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { LinkEvents, Log, Timers } from './link.ts';
import { deniedText } from './message.ts';

/** What was agreed with a server, and the client that keeps listening to it. */
export interface Handshake {
  readonly client: Client;
  readonly era: 'legacy' | 'modern';
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly info: JsonObject | undefined;
  /** The members that 2026-07-28 wants in every request's `_meta`; undefined on a legacy connection. */
  readonly envelope: JsonObject | undefined;
}

const RELISTEN_MS = 1_000;

async function listen({
  client,
  events,
  timers,
  log,
}: {
  client: Client;
  events: LinkEvents;
  timers: Timers;
  log: Log;
}) {
  const offered = client.getServerCapabilities();
  const filter = {
    ...(offered?.tools?.listChanged && { toolsListChanged: true }),
    ...(offered?.prompts?.listChanged && { promptsListChanged: true }),
    ...(offered?.resources?.listChanged && { resourcesListChanged: true }),
  };
  if (Object.keys(filter).length === 0) return;
  const state = { first: true };
  const open = async (): Promise<void> => {
    const subscription = await client.listen(filter, { timeout: LIMITS.downstreamProbeTimeoutMs });
    if (!state.first) for (const list of ['tools', 'resources', 'prompts'] as const) events.changed(list);
    state.first = false;
    void subscription.closed.then((cause) => {
      if (cause === 'local') return;
      timers.after(RELISTEN_MS, () => {
        open().catch((error: unknown) => events.down(`its stream of changes ended: ${errorText(error)}`));
      });
    });
  };
  await open().catch((error: unknown) =>
    log.debug({ problem: errorText(error) }, 'the server does not tell of changes'),
  );
}

/**
 * Connects, finding out whether the server speaks 2026-07-28 or an older revision, and from then on turns its
 * notifications into events. Requests from the server are refused. Rejects when no revision can be agreed.
 */
export async function shakeHands(input: {
  transport: Transport;
  events: LinkEvents;
  timers: Timers;
  log: Log;
  version: string;
  legacyOnly: boolean;
}): Promise<Handshake> {
  const { transport, events, timers, log, version, legacyOnly } = input;
  const identity = { name: 'countersign', version };
  const client = new Client(identity, {
    capabilities: {},
    inputRequired: { autoFulfill: false },
    versionNegotiation: { mode: 'auto', probe: { timeoutMs: LIMITS.downstreamProbeTimeoutMs } },
  });
  client.onerror = (error) => log.debug({ problem: error.message }, 'the connection reported a problem');
  client.fallbackRequestHandler = async (request) => {
    throw new ProtocolError(ProtocolErrorCode.MethodNotFound, deniedText(request.method));
  };
  client.setNotificationHandler('notifications/tools/list_changed', () => events.changed('tools'));
  client.setNotificationHandler('notifications/prompts/list_changed', () => events.changed('prompts'));
  client.setNotificationHandler('notifications/resources/list_changed', () => events.changed('resources'));
  client.setNotificationHandler('notifications/resources/updated', ({ params }) =>
    events.resourceUpdated(params.uri),
  );
  await client.connect(transport, {
    timeout: LIMITS.downstreamConnectTimeoutMs,
    ...(legacyOnly && { prior: { kind: 'legacy' as const } }),
  });
  const era = client.getProtocolEra() ?? 'legacy';
  const protocolVersion = client.getNegotiatedProtocolVersion() ?? '';
  if (era === 'modern') await listen({ client, events, timers, log });
  return {
    client,
    era,
    protocolVersion,
    capabilities: (client.getServerCapabilities() ?? {}) as JsonObject,
    info: client.getServerVersion() as JsonObject | undefined,
    envelope:
      era === 'legacy'
        ? undefined
        : {
            [PROTOCOL_VERSION_META_KEY]: protocolVersion,
            [CLIENT_INFO_META_KEY]: identity,
            [CLIENT_CAPABILITIES_META_KEY]: {},
          },
  };
}
