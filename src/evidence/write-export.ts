import type { Clock } from '../core/clock.ts';
import { CountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Entry } from '../ledger/entry.ts';
import { openPayload } from '../ledger/payload.ts';
import { proveInclusion } from '../ledger/prove.ts';
import { checkpointOfSize, readCheckpoints, readEntries } from '../ledger/store.ts';
import { withCosignatures } from '../ledger/witness/store.ts';
import type { Reader } from '../storage/database.ts';
import { readCheckpoint } from './checkpoints.ts';
import {
  checkpointLine,
  endLine,
  entryLine,
  headerLine,
  inclusionLine,
  payloadLine,
} from './export-lines.ts';
import { commitmentsOf, type Payload, payloadId } from './payloads.ts';
import {
  approvalTexts,
  cosignedSizes,
  entriesOfApproval,
  entriesOfSessions,
  entriesOfTypes,
  payloadRows,
  type StoredText,
} from './store.ts';
import { TRUST_TYPES } from './trust.ts';

export interface ExportDeps {
  readonly database: Reader;
  readonly workspace: string;
  /** A signed note that covers every entry that is durable when it is called. */
  readonly checkpointNow: () => Promise<string>;
  /** The log's verifier key in force. */
  readonly vkey: string;
  /** Opens the payloads beside the ledger. */
  readonly dataKey: Parameters<typeof openPayload>[0];
  readonly now: Clock;
}

export interface ExportRequest {
  /**
   * Discloses arguments, calls, views, results and tokens that were not erased; no token before it has run out, and
   * nothing of an approval that holds values which policy hides.
   */
  readonly payloads: boolean;
  /** Only what is about this approval, with inclusion proofs. */
  readonly approval: string | undefined;
}

const PAGE = 500;
/** Checkpoints that follow no decision are left out where they stand closer. */
const CHECKPOINT_EVERY = 1_000;
const DECISIVE: ReadonlySet<string> = new Set([
  'approval.decided',
  'capability.exchanged',
  'approver.enrolled',
  'approver.removed',
  'ledger.key_rotated',
]);

/** The texts that a page of entries commits to, as far as they are still there. */
async function disclosed(deps: ExportDeps, entries: readonly Entry[]): Promise<(entry: Entry) => Payload[]> {
  const spentBefore = deps.now() - LIMITS.capabilityTokenTtlMs - LIMITS.clockSkewMs;
  // A token that may still be used is a secret; whoever exports later can be shown it.
  const isUsable = ({ type, ts }: Entry): boolean => type === 'capability.exchanged' && ts > spentBefore;
  const committing = entries.filter((entry) => commitmentsOf(entry).length > 0 && !isUsable(entry));
  const idsOf = (types: readonly string[]): string[] =>
    committing
      .filter((entry) => types.includes(entry.type))
      .map((entry) => payloadId(entry, entry.type === 'capability.exchanged' ? 'token' : ''));
  const [sealed, approvals] = await Promise.all([
    payloadRows(deps.database, {
      workspace: deps.workspace,
      ids: idsOf(['call.intent', 'capability.exchanged']),
    }),
    approvalTexts(deps.database, [...new Set(committing.flatMap(({ ref }) => ref.approval ?? []))]),
  ]);
  return (entry) =>
    commitmentsOf(entry).flatMap((of) => {
      const id = payloadId(entry, of);
      const row = sealed.get(id);
      const known = approvals.get(entry.ref.approval ?? '');
      if (of === 'arguments' || of === 'token') {
        // A token holds an unsalted digest of its call.
        if (known?.hidesCall === true) return [];
        const text = row && openPayload(deps.dataKey, row);
        return row === undefined || text === undefined ? [] : [{ id, of, salt: row.salt, text }];
      }
      const disclosable = known?.[of as 'action' | 'view' | 'result'];
      return disclosable === undefined ? [] : [{ id, of, ...disclosable }];
    });
}

const nothing = (): Payload[] => [];

/** The lines of every entry up to `size`, page by page, with the checkpoints that are worth keeping. */
async function* wholeLog(
  deps: ExportDeps,
  { size, payloads }: { size: number; payloads: boolean },
): AsyncGenerator<string, void> {
  const { database } = deps;
  const cosigned = new Set(await cosignedSizes(database, size));
  let lastSigned = 0;
  let decisive = false;
  for (let from = 0; from < size; ) {
    const rows = await readEntries(database, { from, limit: Math.min(PAGE, size - from) });
    const first = rows[0];
    const last = rows.at(-1);
    // What is missing in the database is missing in the export too; the verifier says so.
    if (first === undefined || last === undefined) return;
    const signed = new Map(
      (await readCheckpoints(database, { from: first.seq + 1, limit: PAGE })).map((one) => [one.size, one]),
    );
    const entries = rows.map((row) => JSON.parse(row.text) as Entry);
    const open = payloads ? await disclosed(deps, entries) : nothing;
    const lines: string[] = [];
    for (const [index, row] of rows.entries()) {
      const entry = entries[index] as Entry;
      lines.push(entryLine(row.text), ...open(entry).map(payloadLine));
      decisive ||= DECISIVE.has(entry.type);
      const checkpoint = signed.get(row.seq + 1);
      if (checkpoint === undefined || checkpoint.size === size) continue;
      const due =
        decisive || cosigned.has(checkpoint.size) || checkpoint.size - lastSigned >= CHECKPOINT_EVERY;
      if (!due) continue;
      lastSigned = checkpoint.size;
      decisive = false;
      lines.push(checkpointLine(await withCosignatures(database, checkpoint)));
    }
    from = last.seq + 1;
    yield lines.join('');
  }
}

function sessionsOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.flatMap(({ ref }) => (ref.session === undefined ? [] : [ref.session])))];
}

/** What an approval rests on: its own entries, those of its session, and all that say whom to trust. */
async function bundledTexts(database: Reader, approvalId: string, size: number): Promise<StoredText[]> {
  const own = await entriesOfApproval(database, approvalId);
  if (own.length === 0)
    throw new CountersignError('not_found', `There is no approval ${approvalId} on the ledger.`);
  const sessions = sessionsOf(own.map(({ text }) => JSON.parse(text) as Entry));
  const minted = await entriesOfSessions(database, sessions);
  const ancestors = minted.flatMap(
    ({ text }) => (JSON.parse(text) as Entry).body.ancestors ?? [],
  ) as string[];
  const all = [
    ...own,
    ...minted,
    ...(await entriesOfSessions(database, ancestors)),
    ...(await entriesOfTypes(database, ['ledger.genesis', 'ledger.key_rotated', ...TRUST_TYPES])),
  ];
  const bySeq = new Map(all.map((one) => [one.seq, one]));
  return [...bySeq.values()].filter(({ seq }) => seq < size).sort((a, b) => a.seq - b.seq);
}

async function* bundle(
  deps: ExportDeps,
  { texts, size, payloads }: { texts: readonly StoredText[]; size: number; payloads: boolean },
): AsyncGenerator<string, void> {
  for (let from = 0; from < texts.length; from += PAGE) {
    const page = texts.slice(from, from + PAGE);
    const entries = page.map(({ text }) => JSON.parse(text) as Entry);
    const open = payloads ? await disclosed(deps, entries) : nothing;
    for (const [index, { seq, text }] of page.entries()) {
      const proof = await proveInclusion(deps.database, { index: seq, size });
      const payloadLines = open(entries[index] as Entry).map(payloadLine);
      yield entryLine(text) + inclusionLine(proof) + payloadLines.join('');
    }
  }
}

async function* linesOf(
  deps: ExportDeps,
  input: { request: ExportRequest; texts: readonly StoredText[] | undefined; note: string },
): AsyncGenerator<string, void> {
  const { request, texts, note } = input;
  const { payloads, approval } = request;
  const { origin: log, size, root } = readCheckpoint(note) as NonNullable<ReturnType<typeof readCheckpoint>>;
  yield headerLine({ log, vkey: deps.vkey, size, root, exportedAt: deps.now(), approval });
  yield* texts === undefined ? wholeLog(deps, { size, payloads }) : bundle(deps, { texts, size, payloads });
  const stored = (await checkpointOfSize(deps.database, size)) ?? { size, note };
  yield checkpointLine(await withCosignatures(deps.database, stored)) + endLine({ size, root });
}

/**
 * The lines of an export, several at a time, up to the entries that are durable now; they are read as they are asked
 * for. Without its last line, `end`, an export is not one. Throws `not_found` for an approval that is not on the ledger.
 */
export async function exportLedger(
  deps: ExportDeps,
  request: ExportRequest,
): Promise<AsyncGenerator<string, void>> {
  const note = await deps.checkpointNow();
  const size = readCheckpoint(note)?.size ?? 0;
  const { approval } = request;
  const texts = approval === undefined ? undefined : await bundledTexts(deps.database, approval, size);
  return linesOf(deps, { request, texts, note });
}
