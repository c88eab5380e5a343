import { describe, expect, it } from 'vitest';
import { rootOfSize } from '../../src/ledger/prove.ts';
import { readTile } from '../../src/ledger/read-tile.ts';
import { insertCheckpoint } from '../../src/ledger/store.ts';
import { parseTilePath } from '../../src/ledger/tile.ts';
import type { Database } from '../../src/storage/database.ts';
import { fill, openFixture } from './fixture.ts';
import { storeTree } from './large-tree.ts';
import {
  type FetchTile,
  indexPath,
  leafOfText,
  levelHashes,
  readBundle,
  rootFromEdge,
  tilePath,
  treeHash,
} from './tile-client.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function tilesOf(database: Database): FetchTile {
  return async (path) => {
    const tile = parseTilePath(path.replace('tile/', ''));
    const bytes = tile && (await readTile(database, tile));
    if (bytes === undefined) throw new Error(`nothing at ${path}`);
    return bytes;
  };
}

async function sign(database: Database, size: number): Promise<void> {
  const checkpoint = { size, root: '', note: '', signedAt: 0 };
  await database.apply([{ entries: [], then: [insertCheckpoint(checkpoint)] }], () => []);
}

describe('the path of a tile', () => {
  it.each([
    ['0/000', { kind: 'hashes', level: 0, index: 0, width: 256 }],
    ['0/000.p/1', { kind: 'hashes', level: 0, index: 0, width: 1 }],
    ['1/255.p/255', { kind: 'hashes', level: 1, index: 255, width: 255 }],
    ['0/x001/x234/067', { kind: 'hashes', level: 0, index: 1_234_067, width: 256 }],
    ['entries/x001/000.p/112', { kind: 'entries', level: 0, index: 1_000, width: 112 }],
    ['63/000', { kind: 'hashes', level: 63, index: 0, width: 256 }],
  ])('%s is read', (path, tile) => {
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    '',
    '0',
    '0/',
    '0/0',
    '0/00',
    '0/0000',
    '00/000',
    '01/000',
    '64/000',
    '-1/000',
    '0/x000/067',
    '0/x001/x002',
    '0/x01/002',
    '0/001/002',
    '0/X001/002',
    '0/000.p/0',
    '0/000.p/01',
    '0/000.p/256',
    '0/000.p/',
    '0/000.p',
    '0/000/',
    '/0/000',
    '0/../0/000',
    '0/000.p/1/',
    'data/000',
    'entries/000.p/256',
    'entries/',
    `0/${'x999/'.repeat(6)}999`,
    '0/٠٠٠',
  ])('%j is refused', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });
});

describe('the tiles of a ledger', () => {
  it('give a client that shares no code the root, from the edge alone and from all leaves', async () => {
    const size = 66_200;
    const database = await storeTree(size);
    await sign(database, size);
    const root = hex(await rootOfSize(database, size));
    const fetchTile = tilesOf(database);
    expect(hex(await rootFromEdge(fetchTile, size))).toBe(root);
    const leaves = await levelHashes(fetchTile, { level: 0, size });
    expect(hex(treeHash(leaves))).toBe(root);
    const second = await levelHashes(fetchTile, { level: 1, size });
    expect(second).toHaveLength(258);
    expect(hex(second[200] as Uint8Array)).toBe(hex(treeHash(leaves.slice(200 * 256, 201 * 256))));
    const third = await levelHashes(fetchTile, { level: 2, size });
    expect(third.map(hex)).toEqual([hex(treeHash(leaves.slice(0, 65_536)))]);
  });

  it('hold the entries whose hashes stand in the tile beside them', async () => {
    const fixture = await openFixture();
    await fill(fixture.ledger, 300);
    await fixture.ledger.checkpointNow();
    const fetchTile = tilesOf(fixture.database);
    const leaves = await levelHashes(fetchTile, { level: 0, size: 300 });
    const bundles = [
      await fetchTile(tilePath({ level: 'entries', index: 0, width: 256 })),
      await fetchTile(tilePath({ level: 'entries', index: 1, width: 44 })),
    ].map(readBundle);
    expect(bundles.map((texts) => texts.length)).toEqual([256, 44]);
    expect(bundles.flat().map((text) => hex(leafOfText(text)))).toEqual(leaves.map(hex));
  });

  it('reach as far as the newest checkpoint and no further', async () => {
    const tree = await storeTree(700);
    const there = async (path: string): Promise<boolean> => {
      const tile = parseTilePath(path);
      if (tile === undefined) throw new Error(path);
      return (await readTile(tree, tile)) !== undefined;
    };
    expect(await there('0/000.p/1')).toBe(false);
    await sign(tree, 600);
    const found = ['0/000', '0/001', '0/002.p/88', '0/002.p/1', '1/000.p/2', '1/000.p/1', 'entries/002.p/88'];
    for (const path of found) expect([path, await there(path)]).toEqual([path, true]);
    const absent = [
      '0/002',
      '0/002.p/89',
      '0/003.p/1',
      '1/000',
      '1/000.p/3',
      '2/000.p/1',
      'entries/002.p/89',
    ];
    for (const path of absent) expect([path, await there(path)]).toEqual([path, false]);
    expect(indexPath(1_234_067)).toBe('x001/x234/067');
  });

  it('are as wide at a size of exactly one tile as the specification says', async () => {
    const tree = await storeTree(256);
    await sign(tree, 256);
    const fetchTile = tilesOf(tree);
    expect((await fetchTile('tile/0/000')).length).toBe(8_192);
    expect((await fetchTile('tile/1/000.p/1')).length).toBe(32);
    await expect(fetchTile('tile/0/001.p/1')).rejects.toThrow('nothing');
  });
});
