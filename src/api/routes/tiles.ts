import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { sha256Hex } from '../../core/digest.ts';
import { CountersignError } from '../../core/errors.ts';
import { readTile } from '../../ledger/read-tile.ts';
import { parseTilePath } from '../../ledger/tile.ts';
import { newestCheckpoint } from '../../ledger/witness/store.ts';
import { authenticate } from '../authenticate.ts';
import { type Api, type ApiContext, type ApiDeps, requireAny } from '../context.ts';

const TILES = '/ledger/tile/';
const YEAR_S = 365 * 24 * 3_600;
const CHECKPOINT_S = 2;

const compress = promisify(gzip);

interface Resource {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly cache: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function isKnown(c: ApiContext, etag: string): boolean {
  const tags = c.req.header('if-none-match')?.split(',') ?? [];
  return tags.some((tag) => tag.trim().replace(/^W\//, '') === etag || tag.trim() === '*');
}

function send(c: ApiContext, { bytes, contentType, cache, headers }: Resource): Response {
  const etag = `"${sha256Hex(bytes).slice(0, 32)}"`;
  const common = { 'cache-control': cache, etag, ...headers };
  if (isKnown(c, etag)) return c.body(null, 304, common);
  return c.body(new Uint8Array(bytes), 200, { ...common, 'content-type': contentType });
}

function nothing(path: string): CountersignError {
  return new CountersignError(
    'not_found',
    `There is no tile at ${path}. Expected tile/<L>/<N>[.p/<W>] or tile/entries/<N>[.p/<W>] (c2sp.org/tlog-tiles) ` +
      'within the size of GET /ledger/checkpoint.',
  );
}

/**
 * The ledger as static resources (C2SP tlog-tiles) under the prefix `/ledger`. The checkpoint and the hashes are for
 * anybody; the entries are for those who may read the ledger.
 */
export function addTileRoutes(api: Api, deps: ApiDeps): void {
  api.get('/ledger/checkpoint', async (c) => {
    const note = await newestCheckpoint(deps.database);
    if (note === undefined)
      throw new CountersignError('not_found', 'Nothing is signed yet. Ask again in a second.');
    const cache = `public, max-age=${CHECKPOINT_S}`;
    return send(c, { bytes: Buffer.from(note), contentType: 'text/plain; charset=utf-8', cache });
  });

  api.get(`${TILES}*`, async (c) => {
    const { path } = c.req;
    const tile = parseTilePath(path.slice(TILES.length));
    if (tile === undefined) throw nothing(path);
    const contentType = 'application/octet-stream';
    if (tile.kind === 'hashes') {
      const bytes = await readTile(deps.database, tile);
      if (bytes === undefined) throw nothing(path);
      return send(c, { bytes, contentType, cache: `public, max-age=${YEAR_S}, immutable` });
    }
    c.set('principal', await authenticate(deps, c));
    requireAny(c);
    const bytes = await readTile(deps.database, tile);
    if (bytes === undefined) throw nothing(path);
    const cache = `private, max-age=${YEAR_S}, immutable`;
    const vary = { vary: 'accept-encoding, authorization, cookie' };
    if (!/\bgzip\b/.test(c.req.header('accept-encoding') ?? ''))
      return send(c, { bytes, contentType, cache, headers: vary });
    const headers = { ...vary, 'content-encoding': 'gzip' };
    return send(c, { bytes: await compress(bytes), contentType, cache, headers });
  });
}
