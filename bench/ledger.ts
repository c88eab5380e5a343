import { join } from 'node:path';
import type { EntryDraft, EntryType } from '../src/ledger/entry.ts';
import type { RunningLedger } from '../src/ledger/ledger.ts';
import { proveConsistency, proveInclusion } from '../src/ledger/prove.ts';
import { openLedgerThread } from '../src/ledger/thread/open-thread.ts';
import { openLibsqlReader } from '../src/storage/libsql.ts';
import type { Figure } from './extras.ts';
import { quantile } from './measure.ts';

const BATCHES = [1, 10, 100, 1_000];
const SLICE_MS = 2_000;
const WARM_MS = 500;
const PROOFS = 400;

const COMMITMENT = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

function entry(type: EntryType): EntryDraft {
  return {
    type,
    ref: { session: 'ses_0123456789abcdefghijkl', subject: 'user-1', call: 'req_0123456789abcdefghijkl' },
    body: { arguments: COMMITMENT, rule: 'allow-echo', policy: COMMITMENT, tool_def: COMMITMENT },
  };
}

interface Load {
  /** How many are committed at once. */
  readonly batch: number;
  readonly type: EntryType;
}

/** Commits a batch, waits until it is on disk, and commits the next. Entries per second. */
async function appendRate(ledger: RunningLedger, { batch, type }: Load, maxMs: number): Promise<number> {
  const began = performance.now();
  let entries = 0;
  while (performance.now() - began < maxMs) {
    await Promise.all(Array.from({ length: batch }, () => ledger.commit({ entries: [entry(type)] })));
    entries += batch;
  }
  return (entries * 1_000) / (performance.now() - began);
}

async function medianMs(run: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < PROOFS; round++) {
    const began = performance.now();
    await run(round);
    times.push(performance.now() - began);
  }
  return quantile(times, 0.5);
}

/** The ledger by itself, in its thread and on disk: appends by batch size, decisions, and proofs from what was written. */
export async function measureLedger(folder: string): Promise<Figure[]> {
  const file = join(folder, 'countersign.db');
  const { ledger, attachReader } = await openLedgerThread(
    {
      file,
      keyFile: join(folder, 'ledger.key'),
      keyName: 'localhost/bench',
      head: { file: join(folder, 'ledger.head'), acceptRollback: false },
      workspace: 'default',
    },
    (error) => {
      throw error;
    },
  );
  const reader = openLibsqlReader(file);
  attachReader(reader);
  const figures: Figure[] = [];
  const figure = (what: string, value: number, unit: string): void =>
    void figures.push({ what, value, unit, must: Number.NaN });

  const appends: Load[] = BATCHES.map((batch) => ({ batch, type: 'call.intent' }));
  // The write-ahead log grows to its full size first: until then every commit pays for longer files.
  await appendRate(ledger, { batch: 100, type: 'call.intent' }, SLICE_MS);
  for (const load of appends) {
    await appendRate(ledger, load, WARM_MS);
    figure(`ledger: appends, ${load.batch} at once`, await appendRate(ledger, load, SLICE_MS), '/s');
  }
  const decision: Load = { batch: 1, type: 'approval.decided' };
  await appendRate(ledger, decision, WARM_MS);
  figure('ledger: decisions, one at a time', await appendRate(ledger, decision, SLICE_MS), '/s');

  const { size } = ledger.head();
  const place = (round: number): number => (round * 7_919) % size;
  const named = `in ${size.toLocaleString('en-US')} entries`;
  const included = await medianMs((round) => proveInclusion(reader, { index: place(round), size }));
  figure(`ledger: proof of an entry ${named}, p50`, included, 'ms');
  const grown = await medianMs((round) => proveConsistency(reader, { first: place(round) + 1, size }));
  figure(`ledger: proof of consistency ${named}, p50`, grown, 'ms');

  await ledger.close();
  reader.close();
  return figures;
}
