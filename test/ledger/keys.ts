import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemRandomBytes } from '../../src/core/ids.ts';
import { createLedger } from '../../src/ledger/append.ts';
import { genesisEntry } from '../../src/ledger/entry.ts';
import type { RunningLedger } from '../../src/ledger/ledger.ts';
import type { LogSigner } from '../../src/ledger/log-key.ts';
import { openLogKey } from '../../src/ledger/open-key.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import { manualSchedule, START_MS } from './fixture.ts';

export const HOUR_MS = 3_600_000;

/** A ledger whose keys and head are kept in files of a folder, as the gateway keeps them. */
export interface KeptLedger {
  readonly database: Database;
  readonly ledger: RunningLedger;
  readonly signer: LogSigner;
  readonly timers: ReturnType<typeof manualSchedule>;
  readonly reported: unknown[];
  /** Ends as a crash would: no last checkpoint. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

export interface KeptOptions {
  /** Read whenever the time is asked for, so that a test can move it. */
  readonly at?: number;
  readonly acceptRollback?: boolean;
  readonly wrap?: (database: Database) => Database;
}

export const placesIn = (folder: string) => ({
  db: join(folder, 'countersign.db'),
  key: join(folder, 'ledger.key'),
  head: join(folder, 'ledger.head'),
});

export async function openKept(folder: string, options: KeptOptions = {}): Promise<KeptLedger> {
  const { db, key, head } = placesIn(folder);
  const now = (): number => options.at ?? START_MS;
  const { signer } = openLogKey({ file: key, name: 'localhost/kept', random: systemRandomBytes, now });
  const stored = openLibsql({ file: db });
  const database = options.wrap?.(stored) ?? stored;
  const timers = manualSchedule();
  const reported: unknown[] = [];
  try {
    const ledger = await createLedger({
      database,
      now,
      signer,
      headFile: { file: head, acceptRollback: options.acceptRollback === true },
      report: (error) => reported.push(error),
      schedule: timers.schedule,
    });
    if (ledger.head().size === 0) await ledger.commit({ entries: [genesisEntry(signer.vkey)] });
    return {
      database,
      ledger,
      signer,
      timers,
      reported,
      stop: () => stored.close(),
      async close() {
        await ledger.close();
        await stored.close();
      },
    };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

/** The same folder with other contents of the key file. */
export function writeKeyFile(folder: string, text: string): void {
  writeFileSync(placesIn(folder).key, text, { mode: 0o600 });
}
