import { expect, onTestFinished } from 'vitest';
import { createOutbound } from '../../../src/http/outbound.ts';
import type { Post } from '../../../src/notifications/ports.ts';
import type { Device } from '../../../src/notifications/push/device.ts';
import { addDevice, listDevices } from '../../../src/notifications/push/manage.ts';
import type { Enrolled } from '../../principals/support/office.ts';
import { type Loft, openLoft } from '../channels/loft.ts';
import { type PushService, type Subscription, startPushService } from './push-sink.ts';

/** Channels of one desk whose devices are browsers of a push service, which is asked over HTTP. */
export interface Hangar {
  readonly loft: Loft;
  readonly service: PushService;
  /** What happens to each request on its way; a test replaces it. */
  carry: (request: Parameters<Post>[0], post: Post) => ReturnType<Post>;
  /** A new browser of a person, or the one that is given. */
  add(of: Enrolled, more?: { name?: string; subscription?: Subscription }): Promise<Device>;
  devices(of: Enrolled): Promise<Device[]>;
  /** Every row that is kept for devices. */
  rows(): Promise<Record<string, number>>;
}

const TABLES = ['push_device', 'channel', 'channel_notice', 'webhook_delivery'];

export async function openHangar(): Promise<Hangar> {
  const service = await startPushService();
  onTestFinished(() => service.close());
  const outbound = createOutbound({ allowLoopback: false, allow: [service.party] });
  const post: Post = (request) => outbound({ ...request, method: 'POST', maxBytes: 1_000, timeoutMs: 5_000 });
  const loft = await openLoft({ post: (request) => hangar.carry(request, post) });
  const { database } = loft.desk.office.deps;
  const hangar: Hangar = {
    loft,
    service,
    carry: (request, send) => send(request),
    async add({ person }, { name = 'phone', subscription } = {}) {
      const given = subscription ?? (await service.subscribe(loft.devices.vapid.publicKey));
      return addDevice(loft.devices, { ...given, name, person: person.id });
    },
    devices: ({ person }) => listDevices(loft.devices, person.id),
    async rows() {
      const counted = TABLES.map(async (table) => {
        const [row] = await database.query({ sql: `SELECT count(*) AS n FROM ${table}`, params: [] });
        return [table, Number(row?.n)] as const;
      });
      return Object.fromEntries(await Promise.all(counted));
    },
  };
  return hangar;
}

/** Nothing is kept of anybody's device. */
export const NOTHING = { push_device: 0, channel: 0, channel_notice: 0, webhook_delivery: 0 };

/** Resolves with what was pushed, once nothing is left to do now. */
export async function settledPushes({ loft, service }: Hangar): Promise<PushService['pushed']> {
  await loft.settled();
  expect(service.refused).toEqual([]);
  return service.pushed;
}
