import { LIMITS } from '../core/limits.ts';
import { VERSION } from '../core/version.ts';
import { createAddressCheck, createOutbound, systemResolve } from '../http/outbound.ts';
import { factOf } from '../jobs/follow.ts';
import { parseCheckpoint } from '../ledger/checkpoint.ts';
import type { Entry } from '../ledger/entry.ts';
import { queryEntries } from '../ledger/query.ts';
import { systemSchedule } from '../ledger/schedule.ts';
import { readEntriesOfTypes } from '../ledger/store.ts';
import { createOutbox, type Outbox } from '../notifications/outbox.ts';
import type { EndpointDeps, OutboxDeps, Post } from '../notifications/ports.ts';
import type { DeviceDeps } from '../notifications/push/ports.ts';
import { deriveKey } from './derive-key.ts';
import type { State } from './open-state.ts';
import { type ChannelWiring, wireChannels } from './wire-channels.ts';
import { wirePush } from './wire-push.ts';

export interface NotificationWiring {
  readonly outbox: Outbox;
  /** What endpoints are managed with. */
  readonly endpoints: EndpointDeps;
  readonly toPeople: ChannelWiring;
  /** What people manage their devices with; undefined where no device is told. */
  readonly devices: DeviceDeps | undefined;
}

/** Webhooks, with keys sealed under a purpose of their own, and channels; no request reaches a private address. */
export function wireNotifications(state: State): NotificationWiring {
  const { database, ledger, now, newId, random, workspace, log, config, publicOrigin } = state;
  const rules = { allowLoopback: config.outboundLoopback, allow: config.webhookAllow };
  const outbound = createOutbound(rules);
  const post: Post = ({ url, headers, body }) =>
    outbound({
      url,
      method: 'POST',
      headers: { ...headers, 'user-agent': `countersign/${VERSION}` },
      body,
      maxBytes: LIMITS.webhookAnswerBytes,
      timeoutMs: LIMITS.webhookTimeoutMs,
    });
  const key = deriveKey(state.dataKey, 'countersign/webhook-keys/v1');
  const shared = { database, workspace, key, now, random, post };
  const readEntries: OutboxDeps['readEntries'] = async (range) =>
    (await readEntriesOfTypes(database, range)).map((text) => JSON.parse(text) as Entry);
  const outbox = createOutbox({
    ...shared,
    ledger,
    readEntries,
    requestOf: async (approval) =>
      (await queryEntries(database, { approval, type: 'approval.requested', limit: 1 })).entries[0],
    readFact: factOf,
    readNote: parseCheckpoint,
    origin: publicOrigin,
    schedule: systemSchedule,
    report: (err) => log.error({ err }, 'a webhook could not be served; it is tried again'),
  });
  const checkAddress = createAddressCheck(rules, systemResolve);
  const push = wirePush(state);
  const toPeople = wireChannels(state, { post, readEntries, schedule: systemSchedule, push: push.lanes });
  return {
    outbox,
    endpoints: { ...shared, ledger, newId, checkAddress, onChanged: () => void outbox.refresh() },
    toPeople,
    devices: push.devices({ post, checkAddress, onChanged: () => void toPeople.outbox.refresh() }),
  };
}
