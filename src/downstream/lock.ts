import type { LockedTools } from './pin.ts';

/** A lock file: the only definitions that are accepted, by server and tool. A server that is not in it has none. */
export interface ToolLock {
  readonly file: string;
  readonly servers: ReadonlyMap<string, LockedTools>;
}

/** What the lock holds of one server; undefined when there is no lock, so that first sight decides. */
export function lockedTools(lock: ToolLock | undefined, server: string): LockedTools | undefined {
  return lock === undefined ? undefined : (lock.servers.get(server) ?? new Map());
}
