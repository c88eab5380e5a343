import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  Client,
  PROTOCOL_VERSION_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  type Transport,
} from '@modelcontextprotocol/client';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import { capabilitiesFor } from './conversation.ts';
import type { Link, LinkEvents, Log, Timers } from './link.ts';
import { startListening } from './listening.ts';
import { deniedText } from './message.ts';
import type { ServerConfig } from './server-config.ts';

/** What was agreed with a server, and the client that keeps listening to it. */
export interface Handshake {
  readonly client: Client;
  readonly era: 'legacy' | 'modern';
  readonly protocolVersion: string;
  readonly capabilities: JsonObject;
  readonly info: JsonObject | undefined;
  /** The members that 2026-07-28 wants in every request's `_meta`; undefined on a legacy connection. */
  readonly envelope: JsonObject | undefined;
  readonly follow: Link['follow'];
}

/**
 * Connects, finding out whether the server speaks 2026-07-28 or an older revision, and from then on turns its
 * notifications into events. It is told which questions config relays; those that still reach the client here, because
 * no call is under way, are refused. Rejects when no revision can be agreed.
 */
export async function shakeHands(input: {
  server: ServerConfig;
  transport: Transport;
  events: LinkEvents;
  timers: Timers;
  log: Log;
  version: string;
  legacyOnly: boolean;
}): Promise<Handshake> {
  const { server, transport, events, timers, log, version, legacyOnly } = input;
  const identity = { name: 'countersign', version };
  const client = new Client(identity, {
    capabilities: capabilitiesFor(server.relay),
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
  const listening = era === 'modern' ? await startListening({ client, events, timers, log }) : undefined;
  return {
    client,
    era,
    protocolVersion,
    capabilities: (client.getServerCapabilities() ?? {}) as JsonObject,
    info: client.getServerVersion() as JsonObject | undefined,
    follow: listening?.follow,
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
