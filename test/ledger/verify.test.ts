import { describe, expect, it } from 'vitest';
import { formatCheckpoint } from '../../src/ledger/checkpoint.ts';
import { leafHash } from '../../src/ledger/tree.ts';
import { type Verification, verifyLedger } from '../../src/ledger/verify.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { draft, fill, openFixture, signerOf, tamper } from './fixture.ts';

/** 700 entries: checkpoints of size 300 and 600 in the middle, a last one over all. */
async function stored(): Promise<string> {
  const { file, ledger, stop, clock } = await openFixture();
  for (const size of [300, 300, 100]) {
    await fill(ledger, size);
    clock.nowMs += 1_000;
    await ledger.checkpointNow();
  }
  await ledger.close();
  await stop();
  return file;
}

async function verify(file: string): Promise<Verification> {
  const database = openLibsql({ file });
  const verification = await verifyLedger(database, { vkey: signerOf().vkey });
  await database.close();
  return verification;
}

/** The rewritten text of an entry with its leaf made to fit. */
async function rewritten(file: string, seq: number, edit: (text: string) => string): Promise<string> {
  const database = openLibsql({ file });
  const [row] = await database.query({ sql: 'SELECT entry FROM ledger WHERE seq = ?', params: [seq] });
  await database.close();
  const text = edit(row?.entry as string);
  const leaf = Buffer.from(leafHash(text)).toString('hex');
  return `UPDATE ledger SET entry = '${text}', leaf = '${leaf}' WHERE seq = ${seq}`;
}

const SWAP = `UPDATE ledger SET seq = -1 WHERE seq = 40; UPDATE ledger SET seq = 40 WHERE seq = 41;
              UPDATE ledger SET seq = 41 WHERE seq = -1`;
const TRUNCATE = 'DELETE FROM ledger WHERE seq >= 650';
const COPY_20_TO_21 = `UPDATE ledger SET entry = (SELECT entry FROM ledger WHERE seq = 20),
                       leaf = (SELECT leaf FROM ledger WHERE seq = 20) WHERE seq = 21`;

describe('verifying', () => {
  it('finds a ledger that nobody touched sound, and says what is signed', async () => {
    const file = await stored();
    expect(await verify(file)).toMatchObject({ ok: true, size: 700, checkpoint: { size: 700 } });
  });

  it('finds an empty ledger sound', async () => {
    const { database, signer } = await openFixture();
    expect(await verifyLedger(database, { vkey: signer.vkey })).toMatchObject({ ok: true, size: 0 });
  });

  it.each<[string, string, number, RegExp]>([
    [
      'an edited text',
      "UPDATE ledger SET entry = replace(entry, 'allow', 'denyy') WHERE seq = 123",
      123,
      /stored leaf hash/,
    ],
    ['an edited column', "UPDATE ledger SET call = 'req_x' WHERE seq = 123", 123, /column call/],
    ['a column that was filled', "UPDATE ledger SET subject = 'eve' WHERE seq = 123", 123, /column subject/],
    ['an edited time', 'UPDATE ledger SET ts = ts + 1 WHERE seq = 123', 123, /column ts/],
    ['an edited type', "UPDATE ledger SET type = 'call.denied' WHERE seq = 123", 123, /column type/],
    [
      'an edited leaf',
      'UPDATE ledger SET leaf = lower(hex(randomblob(32))) WHERE seq = 123',
      123,
      /stored leaf hash/,
    ],
    ['a deleted entry', 'DELETE FROM ledger WHERE seq = 123', 123, /entry 123 is missing; entry 124/],
    ['two entries that changed places', SWAP, 40, /column seq/],
    ['an entry that was copied over another', COPY_20_TO_21, 21, /column seq/],
    ['a truncated end', TRUNCATE, 650, /650 and what followed are missing; 700 entries were signed/],
    ['everything deleted', 'DELETE FROM ledger', 0, /700 entries were signed/],
    [
      'an edited tree node',
      'UPDATE ledger_node SET hash = lower(hex(randomblob(32))) WHERE idx = 1',
      300,
      /tree node 1 of level 1 is not/,
    ],
    ['a deleted tree node', 'DELETE FROM ledger_node WHERE idx = 0', 0, /tree node 0 of level 1 is missing/],
    [
      'an edited checkpoint',
      "UPDATE checkpoint SET note = replace(note, '600', '601') WHERE size = 600",
      300,
      /size 600 is not valid/,
    ],
    [
      'an edited checkpoint root',
      'UPDATE checkpoint SET root = lower(hex(randomblob(32))) WHERE size = 600',
      300,
      /something else/,
    ],
  ])('names the first bad entry of %s', async (_, sql, seq, reason) => {
    const file = await stored();
    tamper(file, sql);
    expect(await verify(file)).toMatchObject({
      ok: false,
      problem: { seq, reason: expect.stringMatching(reason) },
    });
  });

  it('cannot tell that unsigned entries and the checkpoint over them were cut off, and says what is signed', async () => {
    const file = await stored();
    tamper(file, TRUNCATE, 'DELETE FROM checkpoint WHERE size = 700');
    expect(await verify(file)).toMatchObject({ ok: true, size: 650, checkpoint: { size: 600 } });
  });

  it('finds an entry that was rewritten together with its leaf by the next tree node', async () => {
    const file = await stored();
    tamper(file, await rewritten(file, 123, (text) => text.replace('allow', 'denyy')));
    expect(await verify(file)).toMatchObject({
      problem: { seq: 0, reason: expect.stringMatching(/tree node 0 of level 1/) },
    });
  });

  it('finds an entry that was rewritten with leaf and nodes by the next checkpoint', async () => {
    const file = await stored();
    tamper(file, await rewritten(file, 610, (text) => text.replace('allow', 'denyy')));
    expect(await verify(file)).toMatchObject({
      problem: { seq: 600, reason: 'entries 600 to 699 are not those that were signed with size 700' },
      checkpoint: { size: 600 },
    });
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['is not JSON', (text) => text.slice(1), /not JSON/],
    ['is not canonical', (text) => text.replace('{', '{ '), /canonical/],
    [
      'holds a key twice',
      (text) => text.replace('{"body"', '{"body":{},"body"'),
      /not JSON that a ledger holds/,
    ],
    ['has a member too many', (text) => text.replace('"v":1', '"v":1,"w":1'), /version 1/],
    ['has another version', (text) => text.replace('"v":1', '"v":2'), /version 1/],
    [
      'is of another log',
      (text) => text.replace('"log":"localhost:8787', '"log":"localhost:8788'),
      /another log/,
    ],
  ])('finds an entry whose text %s', async (_, edit, reason) => {
    const file = await stored();
    tamper(file, await rewritten(file, 690, edit));
    expect(await verify(file)).toMatchObject({
      problem: { seq: 690, reason: expect.stringMatching(reason) },
    });
  });

  it('finds times that go back', async () => {
    const file = await stored();
    const sql = await rewritten(file, 690, (text) => text.replace(/"ts":\d+/, '"ts":5'));
    tamper(file, sql, 'UPDATE ledger SET ts = 5 WHERE seq = 690');
    expect(await verify(file)).toMatchObject({
      problem: { seq: 690, reason: expect.stringMatching(/before/) },
    });
  });

  it('finds a checkpoint that another key has signed', async () => {
    const file = await stored();
    const database = openLibsql({ file });
    const [row] = await database.query({ sql: 'SELECT root FROM checkpoint WHERE size = 700', params: [] });
    await database.close();
    const text = formatCheckpoint({ origin: signerOf().name, size: 700, root: row?.root as string });
    tamper(file, `UPDATE checkpoint SET note = '${signerOf(undefined, 9).sign(text)}' WHERE size = 700`);
    expect(await verify(file)).toMatchObject({
      problem: { seq: 600, reason: expect.stringMatching(/not signed by/) },
    });
  });

  it('goes on beside a writer, over the entries that were there when it began', async () => {
    const { ledger, database, signer } = await openFixture();
    await fill(ledger, 1_500);
    const running = verifyLedger(database, { vkey: signer.vkey });
    await fill(ledger, 400);
    await ledger.commit({ entries: [draft({}, 'approval.decided')] });
    expect(await running).toMatchObject({ ok: true, size: 1_500 });
  });

  it('refuses a verifier key that is none', async () => {
    const { database } = await openFixture();
    await expect(verifyLedger(database, { vkey: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
