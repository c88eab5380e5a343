import { isJsonObject, type JsonObject } from '../core/json.ts';
import { definitionHash, TOOL_LOCK_FORMAT } from '../core/tool-definition.ts';
import type { ToolLock } from '../downstream/lock.ts';
import type { LockedTools, Sighting } from '../downstream/pin.ts';
import { checkKeys, type Path, refuse, type Source } from '../downstream/source.ts';

const WRITE_ANEW = 'write the file with "countersign server lock --out FILE"';

function objectAt(source: Source, path: Path, expected: string): JsonObject {
  const value = source.valueAt(path);
  return isJsonObject(value) ? value : refuse(source, path, expected);
}

function toolAt(source: Source, path: Path, tool: string): Sighting {
  const entry = objectAt(source, path, 'expected an object with hash and definition');
  checkKeys(source, path, entry, ['hash', 'definition']);
  const definition = objectAt(source, [...path, 'definition'], 'expected the definition of the tool');
  if (definition.name !== tool) {
    refuse(
      source,
      [...path, 'definition'],
      `its name is not "${tool}", under which it stands; ${WRITE_ANEW}`,
    );
  }
  const hash = definitionHash(definition);
  if (entry.hash !== hash) {
    refuse(
      source,
      [...path, 'hash'],
      `expected ${hash}, the hash of the definition that stands beside it; one of the two was edited: ${WRITE_ANEW}`,
    );
  }
  return { tool, hash, definition };
}

/** Reads a lock file of tool definitions. Throws `config_invalid` with file and line for the first thing wrong. */
export function toolLockFrom(source: Source): ToolLock {
  const root = objectAt(source, [], `expected an object with lock and servers; ${WRITE_ANEW}`);
  checkKeys(source, [], root, ['lock', 'servers']);
  if (root.lock !== TOOL_LOCK_FORMAT) refuse(source, ['lock'], `expected "${TOOL_LOCK_FORMAT}"`);
  const servers = new Map<string, LockedTools>();
  for (const server of Object.keys(objectAt(source, ['servers'], 'expected an object of servers'))) {
    const path = ['servers', server];
    const tools = Object.keys(objectAt(source, path, 'expected an object of tools'));
    servers.set(server, new Map(tools.map((tool) => [tool, toolAt(source, [...path, tool], tool)])));
  }
  return { file: source.file, servers };
}
