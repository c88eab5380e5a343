import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Entry, type EntryDraft, genesisEntry } from '../../src/ledger/entry.ts';
import { type LedgerThread, openLedgerThread } from '../../src/ledger/thread/open-thread.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import type { Reader, Statement } from '../../src/storage/database.ts';
import { openLibsqlReader } from '../../src/storage/libsql.ts';

interface Opened {
  readonly dir: string;
  readonly thread: LedgerThread;
  readonly reader: Reader & { close(): void };
  readonly faults: unknown[];
  close(): Promise<void>;
}

const opened: Opened[] = [];
const folders: string[] = [];

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-thread-'));
  folders.push(dir);
  return dir;
}

async function open(dir: string): Promise<Opened> {
  const faults: unknown[] = [];
  const data = {
    file: join(dir, 'x.db'),
    keyFile: join(dir, 'x.key'),
    keyName: 'localhost/test',
    head: { file: join(dir, 'x.head'), acceptRollback: false },
    workspace: 'default',
  };
  const thread = await openLedgerThread(data, (error) => faults.push(error));
  const reader = openLibsqlReader(data.file);
  thread.attachReader(reader);
  const one: Opened = {
    dir,
    thread,
    reader,
    faults,
    async close() {
      await thread.ledger.close();
      reader.close();
    },
  };
  opened.push(one);
  return one;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  for (const dir of folders.splice(0)) await rm(dir, { recursive: true, force: true });
});

const note = (call: string): EntryDraft => ({ type: 'call.intent', ref: { call }, body: { n: 1 } });
const claim = (key: string): Statement => ({
  sql: 'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING key',
  params: [key, 'held'],
});

test('a change that the thread has acknowledged can be read at once and is on a ledger that verifies', async () => {
  const { thread, reader } = await open(await folder());
  const applied = await thread.ledger.commit({ guard: claim('a'), entries: [note('req_1')] });
  expect(applied).toEqual({ kind: 'applied', rows: [{ key: 'a' }] });
  expect(await reader.query({ sql: 'SELECT value FROM meta WHERE key = ?', params: ['a'] })).toEqual([
    { value: 'held' },
  ]);
  expect(await verifyLedger(reader, { vkey: thread.signer.vkey })).toMatchObject({
    ok: true,
    ...thread.ledger.head(),
  });
});

test('of a thousand changes that race for one row through the thread, exactly one is applied', async () => {
  const { thread } = await open(await folder());
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, index) =>
      thread.ledger.commit({ guard: claim('only'), entries: [note(`req_${index}`)] }),
    ),
  );
  expect(results.filter((one) => one.kind === 'applied')).toHaveLength(1);
  expect(thread.ledger.head().size).toBe(1);
});

test('changes of many turns of the event loop, more than the thread takes ahead, are all written in their order', async () => {
  const { thread } = await open(await folder());
  const writes: Promise<unknown>[] = [];
  for (let turn = 0; turn < 50; turn++) {
    writes.push(thread.ledger.commit({ entries: [note(`req_${turn}_a`)] }));
    writes.push(thread.ledger.commit({ guard: claim('once'), entries: [note(`req_${turn}_b`)] }));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const results = await Promise.all(writes);
  expect(results.filter((one) => (one as { kind: string }).kind === 'refused')).toHaveLength(49);
  expect(thread.ledger.head().size).toBe(51);
  await thread.ledger.commit({ entries: [note('req_last')] });
  expect(thread.ledger.head().size).toBe(52);
});

test('the ledger is writable until a commit fails, and again once one is written', async () => {
  const { thread } = await open(await folder());
  expect(thread.ledger.isWritable()).toBe(true);
  const large = { ...note('req_1'), body: { text: 'x'.repeat(70_000) } };
  await expect(thread.ledger.commit({ entries: [large] })).rejects.toThrow();
  expect(thread.ledger.isWritable()).toBe(false);
  await thread.ledger.commit({ entries: [note('req_2')] });
  expect(thread.ledger.isWritable()).toBe(true);
});

test('a listener gets every entry once and in order, also those that were appended while it joined', async () => {
  const { thread } = await open(await folder());
  const seen: number[] = [];
  const all = Promise.withResolvers<void>();
  const writes = Array.from({ length: 300 }, (_, index) =>
    thread.ledger.commit({ entries: [note(`req_${index}`)] }),
  );
  thread.ledger.onEntries((entries: readonly Entry[]) => {
    seen.push(...entries.map((entry) => entry.seq));
    if (seen.length === 300) all.resolve();
  });
  await Promise.all(writes);
  await all.promise;
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index));
});

test('an entry that is too large fails alone with its own code', async () => {
  const { thread } = await open(await folder());
  const large = { ...note('req_1'), body: { text: 'x'.repeat(70_000) } };
  const [refused, kept] = await Promise.allSettled([
    thread.ledger.commit({ entries: [large] }),
    thread.ledger.commit({ entries: [note('req_2')] }),
  ]);
  expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'payload_too_large' } });
  expect(kept.status).toBe('fulfilled');
});

test('what may be written later is written with the next change, and before the thread closes', async () => {
  const dir = await folder();
  const first = await open(dir);
  const late = first.thread.ledger.commit({ later: true, entries: [note('req_1')] });
  await first.thread.ledger.commit({ entries: [note('req_2')] });
  await late;
  expect(first.thread.ledger.head().size).toBe(2);
  const last = first.thread.ledger.commit({ later: true, entries: [note('req_3')] });
  opened.splice(0);
  await Promise.all([first.close(), last]);
  expect((await open(dir)).thread.ledger.head().size).toBe(3);
});

test('after it was closed and opened again the ledger goes on where it stood', async () => {
  const dir = await folder();
  const first = await open(dir);
  await first.thread.ledger.commit({ entries: [note('req_1'), note('req_2')] });
  const head = first.thread.ledger.head();
  opened.splice(0);
  await first.close();
  const second = await open(dir);
  expect(second.thread.ledger.head()).toEqual(head);
  expect(second.thread.signer).toEqual(first.thread.signer);
  expect(await second.thread.ledger.checkpointNow()).toContain('localhost/test\n2\n');
});

test('a second thread on a folder that is held is refused with words that say what to do', async () => {
  const dir = await folder();
  await open(dir);
  await expect(open(dir)).rejects.toMatchObject({
    code: 'config_invalid',
    message: expect.stringContaining('in use by another'),
  });
});

test('a commit after the thread was closed fails as an unavailable ledger and is not lost in silence', async () => {
  const one = await open(await folder());
  opened.splice(0);
  await one.close();
  await expect(one.thread.ledger.commit({ entries: [note('req_1')] })).rejects.toMatchObject({
    code: 'ledger_unavailable',
  });
});

test('the key is rotated in the thread, and whoever asks for it here gets the one in force', async () => {
  const dir = await folder();
  const { thread, reader } = await open(dir);
  await thread.ledger.commit({ entries: [genesisEntry(thread.signer.vkey)] });
  const before = thread.signer.vkey;
  const rotated = await thread.ledger.rotateKey({ overlapMs: 60_000, principal: 'api_key:key_1' });
  expect(rotated).toMatchObject({ previous: before, vkey: thread.signer.vkey });
  expect(rotated.vkey).not.toBe(before);
  expect((await thread.ledger.checkpointNow()).match(/^— /gm)).toHaveLength(2);
  for (const vkey of [before, rotated.vkey])
    expect(await verifyLedger(reader, { vkey })).toMatchObject({ ok: true, size: 2 });
  const racing = await Promise.allSettled(
    [1, 2].map(() => thread.ledger.rotateKey({ overlapMs: 0, principal: 'api_key:key_1' })),
  );
  expect(racing.map((one) => one.status)).toEqual(['fulfilled', 'rejected']);
  expect(racing[1]).toMatchObject({ reason: { code: 'conflict' } });
});
