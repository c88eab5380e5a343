import { CountersignError } from '../core/errors.ts';
import type { Reader } from '../storage/database.ts';
import type { Capability } from './capability.ts';
import { type CapabilityFilter, capabilityById, selectCapabilities } from './store.ts';

/** Newest first, at most `filter.limit`. */
export function listCapabilities(database: Reader, filter: CapabilityFilter): Promise<Capability[]> {
  return selectCapabilities(database, filter);
}

/** Throws `not_found`. */
export async function getCapability(database: Reader, id: string): Promise<Capability> {
  const capability = await capabilityById(database, id);
  if (capability === undefined) {
    const message = `There is no capability ${id}. GET /v1/capabilities lists them.`;
    throw new CountersignError('not_found', message);
  }
  return capability;
}
