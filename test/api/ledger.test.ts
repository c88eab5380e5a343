import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proofProblem } from '../../src/ledger/check-proof.ts';
import { parseCheckpoint } from '../../src/ledger/checkpoint.ts';
import { openNote, parseVkey } from '../../src/ledger/note.ts';
import { verifyConsistency } from '../../src/ledger/proof.ts';
import {
  type FetchTile,
  leafOfText,
  levelHashes,
  readBundle,
  rootFromEdge,
  tilePath,
  treeHash,
} from '../ledger/tile-client.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;

beforeAll(async () => {
  office = await openOffice();
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 30 }, () => office.ask('POST', '/v1/sessions', { body: {} })));
});
afterAll(() => office.close());

const decode = (hash: string): Buffer => Buffer.from(hash, 'base64');

function signs(note: string, vkey: string): boolean {
  const verifier = parseVkey(vkey);
  return verifier !== undefined && openNote(note, verifier).ok;
}

async function vkey(): Promise<string> {
  return (await office.ask('GET', '/v1/logs/verify')).body.vkey;
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${office.gateway.app.origin}/ledger/${path}`, { headers });
}

/** A request whose answer stays as it came: `fetch` would decompress it. */
function getRaw(
  path: string,
  headers: Record<string, string>,
): Promise<{ encoding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = request(`${office.gateway.app.origin}/ledger/${path}`, { headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ encoding: response.headers['content-encoding'], body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The checkpoint that anybody can read, over at least `size` entries. */
async function publicHead(size: number): Promise<{ size: number; root: Buffer }> {
  await office.ask('GET', '/v1/logs/checkpoint');
  const note = await (await get('checkpoint')).text();
  const signed = parseCheckpoint(note.slice(0, note.indexOf('\n\n') + 1));
  if (signed === undefined || signed.size < size) throw new Error(note);
  return { size: signed.size, root: Buffer.from(signed.root, 'hex') };
}

const fetchTile: FetchTile = async (path) => {
  const headers: Record<string, string> = path.startsWith('tile/entries/')
    ? { authorization: `Bearer ${office.keys.reader}` }
    : {};
  const response = await get(path, headers);
  if (response.status !== 200) throw new Error(`${response.status} for ${path}`);
  return new Uint8Array(await response.arrayBuffer());
};

describe('the proof of an entry', () => {
  it('shows it under the newest checkpoint, or under an earlier one', async () => {
    const key = await vkey();
    for (const seq of [0, 1, 255, 256, 300]) {
      const { body } = await office.ask('GET', `/v1/logs/proof?seq=${seq}`, { as: office.keys.reader });
      expect(proofProblem(body, key)).toBeUndefined();
      expect(JSON.parse(body.entry).seq).toBe(seq);
      expect(decode(body.leaf)).toEqual(leafOfText(body.entry));
      const other = { ...body, entry: body.entry.replace('"v":1', '"v":2') };
      expect(proofProblem(other, key)).toMatch(/does not lead/);
      expect(proofProblem({ ...body, seq: seq + 1 }, key)).toBeDefined();
    }
    const { body: early } = await office.ask('GET', '/v1/logs/proof?seq=0&size=1');
    expect(proofProblem(early, key)).toBeUndefined();
    expect(early).toMatchObject({ size: 1, proof: [] });
  });

  it('is there for a size that was never signed, without a checkpoint', async () => {
    const { body } = await office.ask('GET', '/v1/logs/checkpoint');
    const size = parseCheckpoint(body.slice(0, body.indexOf('\n\n') + 1))?.size ?? 0;
    const asked = await Promise.all(
      Array.from({ length: size - 1 }, (_, at) => at + 1)
        .slice(-30)
        .map((one) => office.ask('GET', `/v1/logs/proof?seq=0&size=${one}`)),
    );
    expect(asked.every((one) => one.status === 200)).toBe(true);
    const unsigned = asked.find((one) => one.body.checkpoint === null);
    expect(proofProblem(unsigned?.body, await vkey())).toMatch(/no checkpoint of size/);
  });

  it.each([
    ['seq=1000000', 404, /there is no 1000000/],
    ['seq=0&size=1000000', 404, /the ledger holds/],
    ['seq=5&size=5', 404, /numbered 0 to 4/],
    ['seq=-1', 400, /seq: expected/],
    ['seq=0&size=0', 400, /size: expected/],
    ['seq=x', 400, /seq: expected/],
    ['', 400, /seq: expected/],
  ])('is refused for %j', async (query, status, detail) => {
    const answered = await office.ask('GET', `/v1/logs/proof?${query}`);
    expect(answered.status).toBe(status);
    expect(answered.body.detail).toMatch(detail);
  });
});

describe('the proof of consistency', () => {
  it('shows that the ledger of now extends one of before', async () => {
    const root = async (size: number): Promise<Uint8Array> =>
      treeHash((await levelHashes(fetchTile, { level: 0, size })).slice(0, size));
    for (const first of [1, 2, 255, 256, 300]) {
      const { body } = await office.ask('GET', `/v1/logs/consistency?first=${first}`);
      const claim = { first, firstRoot: await root(first), size: body.size, root: await root(body.size) };
      expect(verifyConsistency({ ...claim, proof: body.proof.map(decode) })).toBe(true);
      expect(signs(body.checkpoint, await vkey())).toBe(true);
    }
    const { body: nothing } = await office.ask('GET', '/v1/logs/consistency?first=0&size=7');
    expect(nothing).toMatchObject({ first: 0, size: 7, proof: [] });
  });

  it('is refused for trees in the wrong order', async () => {
    const answered = await office.ask('GET', '/v1/logs/consistency?first=8&size=7');
    expect(answered.status).toBe(404);
    expect(answered.body.detail).toMatch(/first: expected at most size, which is 7/);
  });
});

describe('the tiles', () => {
  it('give a client that shares no code the root of the checkpoint, and the entries under it', async () => {
    const head = await publicHead(300);
    expect(await rootFromEdge(fetchTile, head.size)).toEqual(head.root);
    const leaves = await levelHashes(fetchTile, { level: 0, size: head.size });
    expect(treeHash(leaves)).toEqual(head.root);
    const texts = readBundle(await fetchTile(tilePath({ level: 'entries', index: 0, width: 256 })));
    expect(texts.map(leafOfText)).toEqual(leaves.slice(0, 256).map((leaf) => Buffer.from(leaf)));
  });

  it('may be kept for good, and the checkpoint for a moment', async () => {
    await publicHead(300);
    const tile = await get('tile/0/000');
    expect(tile.headers.get('content-type')).toBe('application/octet-stream');
    expect(tile.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const partial = await get('tile/1/000.p/1');
    expect(partial.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const checkpoint = await get('checkpoint');
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('public, max-age=2');
    for (const [path, answered] of [
      ['tile/0/000', tile],
      ['checkpoint', checkpoint],
    ] as const) {
      const etag = answered.headers.get('etag') ?? '';
      const again = await get(path, { 'if-none-match': `"other", ${etag}` });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
    }
  });

  it('of entries are for readers alone, may be compressed, and are kept by nobody else', async () => {
    await publicHead(300);
    expect((await get('tile/entries/000')).status).toBe(401);
    expect((await get('tile/entries/999')).status).toBe(401);
    const minter = { authorization: `Bearer ${office.keys.minter}` };
    expect((await get('tile/entries/000', minter)).status).toBe(403);
    const wrong = { authorization: 'Bearer cs_wrong' };
    expect((await get('tile/entries/000', wrong)).status).toBe(401);
    const cookie = await get('tile/entries/000', { cookie: office.person.cookie });
    expect(cookie.status).toBe(200);
    const reader = { authorization: `Bearer ${office.keys.reader}` };
    const plain = await get('tile/entries/000', { ...reader, 'accept-encoding': 'identity' });
    expect(plain.headers.get('content-encoding')).toBeNull();
    expect(plain.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    const raw = await getRaw('tile/entries/000', { ...reader, 'accept-encoding': 'gzip, br' });
    expect(raw.encoding).toBe('gzip');
    expect(gunzipSync(raw.body)).toEqual(Buffer.from(await plain.arrayBuffer()));
  });

  it.each([
    'tile/0/999',
    'tile/9/000',
    'tile/0/000.p/0',
    'tile/x/000',
    'tile/0/x000/000',
    'tile/',
    'tile',
    'x',
  ])('has nothing at %s, which is a 404 that nobody keeps', async (path) => {
    const answered = await get(path);
    expect(answered.status).toBe(404);
    expect(answered.headers.get('cache-control')).toBe('no-store');
    expect(answered.headers.get('content-type')).toContain('problem+json');
  });

  it('reveal hashes and counts and nothing of the entries', async () => {
    const bytes = Buffer.from(await fetchTile('tile/0/000'));
    expect(bytes.length).toBe(8_192);
    expect(bytes.includes('session')).toBe(false);
  });
});

// Last: the key of the log changes here.
describe('rotating the key by the API', () => {
  it('changes the key of every later checkpoint, through a restart, and everything verifies by either', async () => {
    const old = await vkey();
    const refused = await office.ask('POST', '/v1/ledger/rotate-key', { body: { overlap_ms: -1 } });
    expect(refused.body.detail).toMatch(/overlap_ms: expected/);
    const { status, body } = await office.ask('POST', '/v1/ledger/rotate-key', { body: {} });
    expect(status).toBe(200);
    expect(body).toMatchObject({ previous: old });
    expect(Date.parse(body.overlap_until) - Date.now()).toBeGreaterThan(6 * 24 * 3_600_000);
    expect(await vkey()).toBe(body.vkey);
    const { text: note } = await office.ask('GET', '/v1/logs/checkpoint');
    expect([signs(note, old), signs(note, body.vkey)]).toEqual([true, true]);
    const { body: proof } = await office.ask('GET', '/v1/logs/proof?seq=3');
    expect([proofProblem(proof, old), proofProblem(proof, body.vkey)]).toEqual([undefined, undefined]);
    const [entry] = (await office.ask('GET', '/v1/logs?type=ledger.key_rotated')).body.data;
    expect(entry).toMatchObject({ ref: { principal: expect.stringMatching(/^api_key:key_/) } });
    await office.gateway.restart();
    const { origin } = office.gateway.app;
    const headers = { authorization: `Bearer ${office.gateway.apiKey}` };
    const verified: any = await (await fetch(`${origin}/v1/logs/verify`, { headers })).json();
    expect(verified).toMatchObject({ ok: true, vkey: body.vkey });
    expect(signs(verified.checkpoint, old)).toBe(true);
  });
});
