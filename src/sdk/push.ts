import { type ChannelTrial, trialFrom } from './channels.ts';
import { type CallOptions, type Http, path } from './http.ts';

/** A browser of yours that the gateway tells by Web Push. */
export interface PushDevice {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** When its push service last took a message. */
  readonly toldAt: string | null;
  /** Why the last message was not taken; null when it was. */
  readonly lastError: string | null;
}

/** A name of your choice, and what `PushSubscription.toJSON()` gives. */
export interface PushDeviceInput {
  readonly name: string;
  readonly endpoint: string;
  readonly keys: { readonly p256dh: string; readonly auth: string };
}

/** For people who are signed in, and their own devices. */
export interface PushResource {
  /** The `applicationServerKey` to subscribe with, base64url of 65 bytes. */
  key(options?: CallOptions): Promise<string>;
  devices(options?: CallOptions): Promise<readonly PushDevice[]>;
  /** Adds a device; one that was added before keeps its id, and gets these keys and this name. */
  add(input: PushDeviceInput, options?: CallOptions): Promise<PushDevice>;
  remove(id: string, options?: CallOptions): Promise<PushDevice>;
  /** Sends a message that tells of nothing, at once, and says what came back. */
  test(id: string, options?: CallOptions): Promise<ChannelTrial>;
}

interface DeviceWire {
  readonly id: string;
  readonly name: string;
  readonly created_at: string;
  readonly told_at?: string | null;
  readonly last_error?: string | null;
}

function deviceFrom(wire: DeviceWire): PushDevice {
  return {
    id: wire.id,
    name: wire.name,
    createdAt: wire.created_at,
    toldAt: wire.told_at ?? null,
    lastError: wire.last_error ?? null,
  };
}

export function createPush(http: Http): PushResource {
  const get = async <Wire>(at: string, options: CallOptions | undefined): Promise<Wire> =>
    (await http.json<Wire>({ method: 'GET', path: at, options })).body;
  const post = async <Wire>(at: string, body: object, options: CallOptions | undefined): Promise<Wire> =>
    (await http.json<Wire>({ method: 'POST', path: at, body, options })).body;
  return {
    key: async (options) => (await get<{ public_key: string }>('/v1/push', options)).public_key,
    devices: async (options) =>
      (await get<{ data: readonly DeviceWire[] }>('/v1/push/devices', options)).data.map(deviceFrom),
    add: async ({ name, endpoint, keys: { p256dh, auth } }, options) =>
      deviceFrom(
        await post<DeviceWire>('/v1/push/devices', { name, endpoint, keys: { p256dh, auth } }, options),
      ),
    remove: async (id, options) =>
      deviceFrom(await post<DeviceWire>(path`/v1/push/devices/${id}/remove`, {}, options)),
    test: async (id, options) =>
      trialFrom(await post<ChannelTrial>(path`/v1/push/devices/${id}/test`, {}, options)),
  };
}
