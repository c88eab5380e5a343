import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Connection from 'libsql';
import { onTestFinished } from 'vitest';
import { createLedger } from '../../src/ledger/append.ts';
import type { EntryDraft } from '../../src/ledger/entry.ts';
import type { RunningLedger } from '../../src/ledger/ledger.ts';
import { type NoteSigner, newSkey, parseSkey } from '../../src/ledger/note.ts';
import type { Schedule } from '../../src/ledger/schedule.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';

export const START_MS = Date.UTC(2026, 0, 1);

/** A signer whose key is one repeated byte. */
export function signerOf(name = 'localhost:8787/default', byte = 7): NoteSigner {
  return parseSkey(newSkey({ name, random: (size) => new Uint8Array(size).fill(byte) })) as NoteSigner;
}

/** Timers that fire when the test says so. */
export function manualSchedule(): { schedule: Schedule; waiting(): number[]; fire(): void } {
  const timers = new Map<number, { run: () => void; delayMs: number }>();
  let next = 0;
  return {
    schedule: (run, delayMs) => {
      const id = next++;
      timers.set(id, { run, delayMs });
      return () => timers.delete(id);
    },
    waiting: () => [...timers.values()].map((timer) => timer.delayMs),
    fire: () => {
      const due = [...timers.values()];
      timers.clear();
      for (const timer of due) timer.run();
    },
  };
}

export interface Fixture {
  readonly file: string;
  readonly database: Database;
  readonly ledger: RunningLedger;
  readonly signer: NoteSigner;
  readonly clock: { nowMs: number };
  readonly timers: ReturnType<typeof manualSchedule>;
  readonly reported: unknown[];
  /** Closes the database as a crash would: no last checkpoint. */
  stop(): Promise<void>;
}

export interface FixtureOptions {
  /** An existing database file. */
  readonly file?: string;
  readonly signer?: NoteSigner;
  readonly wrap?: (database: Database) => Database;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A ledger on a real database in a temporary folder, with time and timers in the test's hands. */
export async function openFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const file = options.file ?? join(temporaryFolder(), 'countersign.db');
  const signer = options.signer ?? signerOf();
  const stored = openLibsql({ file });
  onTestFinished(() => stored.close());
  const database = options.wrap?.(stored) ?? stored;
  const clock = { nowMs: START_MS };
  const timers = manualSchedule();
  const reported: unknown[] = [];
  const ledger = await createLedger({
    database,
    now: () => clock.nowMs,
    signer,
    report: (error) => reported.push(error),
    schedule: timers.schedule,
  });
  return { file, database, ledger, signer, clock, timers, reported, stop: () => stored.close() };
}

export function draft(ref: EntryDraft['ref'] = {}, type: EntryDraft['type'] = 'call.intent'): EntryDraft {
  return { type, ref, body: { rule: 'allow-echo' } };
}

/** Commits `count` entries, so many at a time. */
export async function fill(ledger: RunningLedger, count: number): Promise<void> {
  for (let from = 0; from < count; from += 200) {
    const size = Math.min(200, count - from);
    await Promise.all(
      Array.from({ length: size }, (_, index) =>
        ledger.commit({ entries: [draft({ call: `req_${from + index}` })] }),
      ),
    );
  }
}

/** Changes the raw file as somebody with access to it could: the triggers go first. */
export function tamper(file: string, ...statements: string[]): void {
  const connection = new Connection(file);
  connection.exec('DROP TRIGGER IF EXISTS ledger_no_update; DROP TRIGGER IF EXISTS ledger_no_delete;');
  for (const statement of statements) connection.exec(statement);
  connection.close();
}
