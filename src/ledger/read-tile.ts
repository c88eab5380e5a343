import type { Reader } from '../storage/database.ts';
import { readHashes } from './prove.ts';
import { latestCheckpoint, readEntries } from './store.ts';
import { isTileOf, type Tile } from './tile.ts';
import { TILE_WIDTH } from './tree.ts';

/** Each text behind its length in two bytes, most significant first; entries are shorter than 64 KiB. */
function bundle(texts: readonly string[]): Uint8Array {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/**
 * The bytes of a tile, which never change; undefined while the newest checkpoint does not cover all of it. Whoever
 * reads tiles compares them with a checkpoint. Throws `internal` when a hash is missing.
 */
export async function readTile(database: Reader, tile: Tile): Promise<Uint8Array | undefined> {
  const signed = await latestCheckpoint(database);
  if (signed === undefined || !isTileOf(tile, signed.size)) return undefined;
  const from = tile.index * TILE_WIDTH;
  if (tile.kind === 'entries') {
    const rows = await readEntries(database, { from, limit: tile.width });
    return bundle(rows.map((row) => row.text));
  }
  return Buffer.concat(await readHashes(database, { level: tile.level, from, to: from + tile.width }));
}
