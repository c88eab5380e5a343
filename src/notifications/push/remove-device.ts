import { eraseChannel } from '../channels/store.ts';
import { type Device, deviceChannel, deviceEntry, type RemovalCause } from './device.ts';
import type { DeviceDeps } from './ports.ts';
import { deleteDevice } from './store.ts';

/** Forgets a device with everything that is on its way to it. False when it was gone already. */
export async function dropDevice(
  deps: Pick<DeviceDeps, 'ledger' | 'workspace'>,
  { device, reason, by }: { device: Pick<Device, 'id' | 'person'>; reason: RemovalCause; by?: string },
): Promise<boolean> {
  const { id, person } = device;
  const about = { device: id, ...(by === undefined ? {} : { by }) };
  const dropped = await deps.ledger.commit({
    guard: deleteDevice({ id, person, workspace: deps.workspace }),
    then: eraseChannel(deviceChannel(id)),
    entries: [deviceEntry('device.removed', about, { reason })],
    erases: true,
  });
  return dropped.kind === 'applied';
}
