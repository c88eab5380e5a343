import type { Clock } from '../../core/clock.ts';
import { CountersignError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EntryDraft } from '../../ledger/entry.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Erasure } from '../../ledger/redact/erase.ts';
import type { ErasedItems } from '../../ledger/redact/redact.ts';
import type { Reader, Row } from '../../storage/database.ts';
import { deleteJobs, eraseJobRows, selectDueJobs, selectJobErasure } from './store.ts';

export interface EraseJobsDeps {
  readonly database: Reader;
  readonly ledger: Ledger;
  readonly now: Clock;
  /** The entry that says what was erased. */
  readonly redactedEntry: (ids: readonly string[], erasure: Erasure) => EntryDraft;
}

const ROUNDS = 8;

const idsOf = (rows: readonly Row[]): string[] => rows.map((row) => String(row.id));

/**
 * Erases of those of these jobs that have ended their result and whatever else the server said, with one entry in the
 * same transaction. What was done, when, and how it ended stays. At most `LIMITS.redactionBatch` ids.
 */
export async function eraseEndedJobs(
  deps: EraseJobsDeps,
  ids: readonly string[],
  erasure: Erasure,
): Promise<ErasedItems> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows = ids.length === 0 ? [] : await deps.database.query(selectJobErasure(ids));
    const open = idsOf(rows.filter((row) => row.settled === 0));
    const already = idsOf(rows.filter((row) => row.erased === 1));
    const due = idsOf(rows.filter((row) => row.settled === 1 && row.erased === 0));
    if (due.length === 0) return { erased: [], open, already };
    const applied = await deps.ledger.commit({
      guard: eraseJobRows({ ids: due, at: deps.now() }),
      entries: [deps.redactedEntry(due, erasure)],
      erases: true,
    });
    if (applied.kind === 'applied') return { erased: due, open, already };
  }
  throw new CountersignError('conflict', 'Jobs kept changing while they were erased. Try again.');
}

/** Removes one batch of jobs that are kept no longer, and says so on the ledger. Returns how many. */
export async function eraseDueJobs(deps: EraseJobsDeps): Promise<number> {
  const due = selectDueJobs({ now: deps.now(), limit: LIMITS.redactionBatch });
  const ids = idsOf(await deps.database.query(due));
  if (ids.length === 0) return 0;
  await deps.ledger.commit({
    guard: deleteJobs(ids),
    entries: [deps.redactedEntry(ids, { reason: 'retention', principal: 'gateway:sweep' })],
    erases: true,
  });
  return ids.length;
}
