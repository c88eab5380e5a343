import { diffJson, type JsonChange } from '../core/json-diff.ts';
import type { ServerTool } from './servers.ts';

/** Quarantined because its definition is not the accepted one, and not because two tools claim its name. */
export function hasDrifted(tool: Pick<ServerTool, 'state' | 'hash' | 'pinnedHash'>): boolean {
  return tool.state === 'quarantined' && tool.hash !== tool.pinnedHash;
}

/** The definition as the server gave it: the gateway may list a tool under a prefixed name, which is no change. */
export function offeredDefinition({
  tool,
  definition,
}: Pick<ServerTool, 'tool' | 'definition'>): Record<string, unknown> {
  return { ...definition, name: tool };
}

/** Every place where what is offered differs from what was accepted; the whole where nothing was. */
export function changesOf(tool: ServerTool): JsonChange[] {
  return diffJson(tool.pinnedDefinition ?? {}, offeredDefinition(tool));
}

/** How many members were added, removed and changed. */
export function tally(changes: readonly JsonChange[]): { added: number; removed: number; changed: number } {
  const added = changes.filter((one) => !('before' in one)).length;
  const removed = changes.filter((one) => !('after' in one)).length;
  return { added, removed, changed: changes.length - added - removed };
}
