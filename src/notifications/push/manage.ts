import { CountersignError, isCountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { ChannelTrial } from '../channels/look.ts';
import { testMessage } from '../channels/message.ts';
import { eraseChannel, insertChannel } from '../channels/store.ts';
import { inert } from '../channels/text.ts';
import { hostOf } from '../endpoint.ts';
import {
  type Device,
  type DeviceKeys,
  deviceChannel,
  deviceEntry,
  parseEndpoint,
  parseKeys,
  parseName,
  unknownDevice,
} from './device.ts';
import { sealDeviceKeys } from './device-keys.ts';
import type { DeviceDeps } from './ports.ts';
import { dropDevice } from './remove-device.ts';
import { sendPush } from './send-push.ts';
import {
  deviceByEndpoint,
  deviceById,
  devicesOf,
  insertDevice,
  moveDevice,
  noteTold,
  replaceKeys,
  type StoredDevice,
} from './store.ts';

export interface NewDevice {
  readonly name: string;
  readonly endpoint: string;
  readonly keys: DeviceKeys;
  /** `per_…` */
  readonly person: string;
}

/** One of a person's own devices. */
export interface OwnDevice {
  readonly id: string;
  readonly person: string;
}

/** One person's, oldest first. */
export function listDevices(
  deps: Pick<DeviceDeps, 'database' | 'workspace'>,
  person: string,
): Promise<Device[]> {
  return devicesOf(deps.database, { person, workspace: deps.workspace });
}

async function ownDevice(
  { database, workspace }: Pick<DeviceDeps, 'database' | 'workspace'>,
  { id, person }: OwnDevice,
): Promise<StoredDevice> {
  const device = await deviceById(database, { id, workspace });
  if (device?.person !== person) throw unknownDevice();
  return device;
}

/** Throws `invalid_request` for an address that messages may not go to. */
async function checkEndpoint(deps: Pick<DeviceDeps, 'checkAddress'>, endpoint: string): Promise<void> {
  try {
    await deps.checkAddress(endpoint);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    const fields = error.fields.map(({ expected }) => ({ field: 'endpoint', expected }));
    const message = error.message.replace(/^url: /, 'endpoint: ');
    throw new CountersignError(error.code, message, { fields, cause: error });
  }
}

/**
 * Adds a device, which is told of what is asked for from now on. An endpoint that the person has added already keeps its
 * id, and one of somebody else is theirs no longer. Throws `invalid_request` that says which field, and `conflict` when
 * the person has `LIMITS.pushDevicesPerPerson` of them.
 */
export async function addDevice(deps: DeviceDeps, input: NewDevice): Promise<Device> {
  const { workspace, ledger } = deps;
  const { person } = input;
  const name = parseName(input.name);
  const endpoint = parseEndpoint(input.endpoint);
  const keys = parseKeys(input.keys);
  await checkEndpoint(deps, endpoint);
  const before = await deviceByEndpoint(deps.database, endpoint);
  const isOwn = before?.person === person;
  const id = isOwn ? before.id : deps.newId('dev');
  const sealedKeys = sealDeviceKeys(deps, id, keys);
  const most = LIMITS.pushDevicesPerPerson;
  const device = { id, workspace, person, name, endpoint, sealedKeys, createdAt: deps.now(), most };
  const begin = insertChannel(deviceChannel(id), ledger.head().size);
  const added = deviceEntry('device.added', { device: id, by: person }, { host: hostOf(endpoint) });
  const kept = isOwn
    ? await ledger.commit({
        guard: replaceKeys({ id, person, workspace }, { name, sealedKeys }),
        entries: [],
      })
    : before === undefined
      ? await ledger.commit({ guard: insertDevice(device), then: [begin], entries: [added] })
      : await ledger.commit({
          guard: moveDevice(device, before.id),
          then: [...eraseChannel(deviceChannel(before.id)), begin],
          entries: [
            deviceEntry('device.removed', { device: before.id, by: person }, { reason: 'moved' }),
            added,
          ],
          erases: true,
        });
  if (kept.kind === 'refused') {
    const isFull = (await listDevices(deps, person)).length >= most;
    const message = isFull
      ? `You have ${most} devices already. Remove one that is not needed any more first.`
      : 'This device has just been added or removed by another request. Look at your devices, and try again.';
    throw new CountersignError('conflict', message);
  }
  deps.onChanged();
  return ownDevice(deps, { id, person });
}

/** Forgets a device, with what is on its way to it. Gives what it was. Throws `not_found`. */
export async function removeDevice(deps: DeviceDeps, own: OwnDevice): Promise<Device> {
  const device = await ownDevice(deps, own);
  if (!(await dropDevice(deps, { device, reason: 'requested', by: own.person }))) throw unknownDevice();
  deps.onChanged();
  return device;
}

/**
 * Sends a message that tells of nothing, at once, and never again. A device whose push service does not know it any more
 * is removed. Throws `not_found`.
 */
export async function tryDevice(deps: DeviceDeps, own: OwnDevice): Promise<ChannelTrial> {
  const device = await ownDevice(deps, own);
  const title = `Test of ${inert(device.name, LIMITS.pushDeviceNameCharacters)}`;
  const message = testMessage({ id: deps.newId('evt'), origin: deps.origin, title, now: deps.now() });
  const { outcome, status, error } = await sendPush(deps, device, message);
  if (outcome === 'gone') {
    await dropDevice(deps, { device, reason: 'gone' });
    deps.onChanged();
    const ended = 'the browser has ended its subscription, and the device was removed';
    return { delivered: false, status, error: ended };
  }
  await deps.ledger.commit({ then: [noteTold({ id: device.id, at: deps.now(), error })], entries: [] });
  return { delivered: outcome === 'delivered', status, error };
}
