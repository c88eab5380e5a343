import type { Reader, Row, Statement } from '../../storage/database.ts';
import { type ChannelCounts, countsOf } from '../channels/store.ts';
import { type Device, deviceChannel } from './device.ts';

/** A device with what only messages need. */
export interface StoredDevice extends Device {
  readonly endpoint: string;
  readonly sealedKeys: string;
}

function toDevice(row: Row): StoredDevice {
  return {
    id: String(row.id),
    person: String(row.person),
    name: String(row.name),
    endpoint: String(row.endpoint),
    sealedKeys: String(row.keys_sealed),
    createdAt: Number(row.created_at),
    toldAt: row.told_at == null ? undefined : Number(row.told_at),
    lastError: row.last_error == null ? undefined : String(row.last_error),
  };
}

/** Everybody's ids. */
export async function allDeviceIds(database: Reader, workspace: string): Promise<string[]> {
  const rows = await database.query({
    sql: 'SELECT id FROM push_device WHERE workspace = ? ORDER BY created_at, id',
    params: [workspace],
  });
  return rows.map((row) => String(row.id));
}

/** One person's, oldest first. */
export async function devicesOf(
  database: Reader,
  of: { person: string; workspace: string },
): Promise<StoredDevice[]> {
  const rows = await database.query({
    sql: 'SELECT * FROM push_device WHERE workspace = ? AND person = ? ORDER BY created_at, id',
    params: [of.workspace, of.person],
  });
  return rows.map(toDevice);
}

export async function deviceById(
  database: Reader,
  at: { id: string; workspace: string },
): Promise<StoredDevice | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM push_device WHERE id = ? AND workspace = ?',
    params: [at.id, at.workspace],
  });
  return rows[0] && toDevice(rows[0]);
}

export async function deviceByEndpoint(
  database: Reader,
  endpoint: string,
): Promise<StoredDevice | undefined> {
  const rows = await database.query({
    sql: 'SELECT * FROM push_device WHERE endpoint = ?',
    params: [endpoint],
  });
  return rows[0] && toDevice(rows[0]);
}

type NewDevice = Pick<StoredDevice, 'id' | 'person' | 'name' | 'endpoint' | 'sealedKeys' | 'createdAt'> & {
  readonly workspace: string;
  readonly most: number;
};

/** As a guard: refused when the person has `most` of them, or the endpoint is known. */
export function insertDevice(device: NewDevice): Statement {
  const { id, workspace, person, name, endpoint, sealedKeys, createdAt, most } = device;
  return {
    sql: `INSERT INTO push_device (id, workspace, person, name, endpoint, keys_sealed, created_at)
      SELECT ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT)
      WHERE (SELECT count(*) FROM push_device WHERE workspace = ? AND person = ?) < ?
        AND NOT EXISTS (SELECT 1 FROM push_device WHERE endpoint = ?) RETURNING id`,
    params: [id, workspace, person, name, endpoint, sealedKeys, createdAt, workspace, person, most, endpoint],
  };
}

/** As a guard: what was another person's becomes a new device; refused as `insertDevice`, or when it is not `from` any more. */
export function moveDevice(device: NewDevice, from: string): Statement {
  const { id, workspace, person, name, sealedKeys, createdAt, most } = device;
  return {
    sql: `UPDATE push_device SET id = ?, person = ?, name = ?, keys_sealed = ?, created_at = ?, told_at = NULL,
        last_error = NULL
      WHERE id = ? AND workspace = ?
        AND (SELECT count(*) FROM push_device AS own WHERE own.workspace = ? AND own.person = ?) < ? RETURNING id`,
    params: [id, person, name, sealedKeys, createdAt, from, workspace, workspace, person, most],
  };
}

/** As a guard: new keys and another name for a device of the same person. */
export function replaceKeys(
  at: { id: string; person: string; workspace: string },
  to: { name: string; sealedKeys: string },
): Statement {
  return {
    sql: `UPDATE push_device SET name = ?, keys_sealed = ?, last_error = NULL
      WHERE id = ? AND person = ? AND workspace = ? RETURNING id`,
    params: [to.name, to.sealedKeys, at.id, at.person, at.workspace],
  };
}

/** As a guard; what else is kept of the device goes with `eraseChannel`. */
export function deleteDevice(at: { id: string; person: string; workspace: string }): Statement {
  return {
    sql: 'DELETE FROM push_device WHERE id = ? AND person = ? AND workspace = ? RETURNING id',
    params: [at.id, at.person, at.workspace],
  };
}

/** What became of the newest message. */
export function noteTold(told: { id: string; at: number; error: string | undefined }): Statement {
  const { id, at, error } = told;
  return error === undefined
    ? { sql: 'UPDATE push_device SET told_at = ?, last_error = NULL WHERE id = ?', params: [at, id] }
    : { sql: 'UPDATE push_device SET last_error = ? WHERE id = ?', params: [error, id] };
}

/** What waits for all devices together, and how many they are. */
export async function pushCounts(
  database: Reader,
  workspace: string,
): Promise<ChannelCounts & { devices: number }> {
  const ids = {
    sql: `SELECT '${deviceChannel('')}' || id FROM push_device WHERE workspace = ?`,
    params: [workspace],
  };
  const [counts, devices] = await Promise.all([countsOf(database, ids), allDeviceIds(database, workspace)]);
  return { ...counts, devices: devices.length };
}
