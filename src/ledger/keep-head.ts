import { closeSync, existsSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { type Clock, toRfc3339 } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { writeSecretFile } from '../core/secret-file.ts';
import type { Reader } from '../storage/database.ts';
import { formatSlot, readSlots, SLOT_BYTES, SLOTS } from './head-slots.ts';
import { type NoteVerifier, parseVkey } from './note.ts';
import { rootOfSize } from './prove.ts';
import type { Schedule } from './schedule.ts';
import { readSize } from './store.ts';

/** The newest signed checkpoint, kept outside the database so that an older copy of the database is noticed. */
export interface HeadFile {
  readonly file: string;
  /** Go on from an older database; the file is put aside. */
  readonly acceptRollback: boolean;
}

interface CheckDeps {
  readonly database: Reader;
  /** Every verifier key whose secret is kept. */
  readonly vkeys: readonly string[];
  readonly now: Clock;
  /** Told when a rollback was accepted. */
  readonly report: (error: unknown) => void;
}

function verifiersOf(vkeys: readonly string[]): NoteVerifier[] {
  return vkeys.flatMap((vkey) => parseVkey(vkey) ?? []);
}

async function headProblem(file: string, { database, vkeys }: CheckDeps): Promise<string | undefined> {
  const kept = readSlots(readFileSync(file), verifiersOf(vkeys));
  if (typeof kept === 'string') {
    return `${file} holds no checkpoint of this ledger (${kept}). Nobody can tell whether the database is the newest.`;
  }
  const head = kept.checkpoint;
  const size = await readSize(database);
  if (size < head.size) {
    return (
      `The database holds ${size} entries of the ledger, but ${head.size} were signed (${file}): an older copy of the ` +
      'database stands in its place.'
    );
  }
  const root = Buffer.from(await rootOfSize(database, head.size)).toString('hex');
  if (root === head.root) return undefined;
  return (
    `The first ${head.size} entries of the database are not those that were signed (${file}): it is another copy of ` +
    'the ledger, which went on differently.'
  );
}

/**
 * Compares the database with the kept head before anything is written. Throws `config_invalid`, with what to do, when
 * the database is older or went on differently, unless that is accepted: then the file is put aside under another
 * name, which `report` is told.
 */
export async function checkHead({ file, acceptRollback }: HeadFile, deps: CheckDeps): Promise<void> {
  if (!existsSync(file)) return;
  const problem = await headProblem(file, deps);
  if (problem === undefined) return;
  if (!acceptRollback) {
    throw new CountersignError(
      'config_invalid',
      `${problem} What was approved, spent or revoked since would be forgotten and could happen again. Put the newer ` +
        'database back; or run "countersign up --accept-rollback" to go on from this one.',
    );
  }
  const aside = `${file}.before-${toRfc3339(deps.now()).replaceAll(/[:.]/g, '-')}`;
  renameSync(file, aside);
  deps.report(new CountersignError('config_invalid', `A ROLLBACK WAS ACCEPTED. ${problem} Kept: ${aside}.`));
}

/** Writes the head down as it moves, in the turn that calls it. What cannot be written goes to `report`. */
export interface HeadKeeper {
  /**
   * With `atOnce` the note is in the file when this returns, which no end of the process can undo; otherwise within a
   * second. It is on disk within a second of that: after a loss of power the file may hold a head that is as much older.
   */
  keep(note: string, atOnce: boolean): void;
  /** Writes what is not written yet. */
  close(): void;
}

interface KeeperDeps {
  readonly schedule: Schedule;
  readonly report: (error: unknown) => void;
  readonly vkeys: readonly string[];
}

/** Opens the file for one writer; it is made with the first note. */
export function createHeadKeeper(file: string, { schedule, report, vkeys }: KeeperDeps): HeadKeeper {
  let newest = '';
  let kept = '';
  /** The one that is written; the other one is on disk. */
  let slot = 0;
  let unsynced = false;
  let handle: number | undefined;
  let cancelTimer: (() => void) | undefined;
  let closed = false;

  function open(): number | undefined {
    if (!existsSync(file)) return undefined;
    const found = readSlots(readFileSync(file), verifiersOf(vkeys));
    if (typeof found !== 'string') {
      kept = found.note;
      slot = (found.slot + 1) % SLOTS;
    }
    return openSync(file, 'r+');
  }

  // Overwriting in place takes a tenth of the time of a new file under the old name; two slots make it as safe.
  function write(): void {
    if (kept === newest) return;
    try {
      handle ??= open();
      if (handle === undefined) {
        writeSecretFile(file, formatSlot(newest).toString().repeat(SLOTS));
        handle = openSync(file, 'r+');
      } else if (kept !== newest) {
        writeSync(handle, formatSlot(newest), 0, SLOT_BYTES, slot * SLOT_BYTES);
        unsynced = true;
        later();
      }
      kept = newest;
    } catch (error) {
      report(error);
      later();
    }
  }

  /** From here on the slot that was written is the one to fall back to. */
  function sync(): void {
    if (!unsynced || handle === undefined) return;
    try {
      fdatasyncSync(handle);
      unsynced = false;
      slot = (slot + 1) % SLOTS;
    } catch (error) {
      report(error);
      later();
    }
  }

  function later(): void {
    if (closed) return;
    cancelTimer ??= schedule(() => {
      cancelTimer = undefined;
      write();
      sync();
    }, LIMITS.headFileIntervalMs);
  }

  return {
    keep(note, atOnce) {
      newest = note;
      if (kept === newest) return;
      if (atOnce) write();
      else later();
    },
    close() {
      closed = true;
      cancelTimer?.();
      cancelTimer = undefined;
      write();
      sync();
      if (handle !== undefined) closeSync(handle);
      handle = undefined;
    },
  };
}
