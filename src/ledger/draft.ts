import { canonicalize } from '../core/canonical.ts';
import { CountersignError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { LIMITS } from '../core/limits.ts';
import type { Statement } from '../storage/database.ts';
import { formatCheckpoint } from './checkpoint.ts';
import type { Entry, EntryDraft, EntryType } from './entry.ts';
import type { NoteSigner } from './note.ts';
import { insertLabel } from './search/label/store.ts';
import { insertActionWord, insertWord } from './search/text/store.ts';
import { insertCheckpoint, insertEntry, insertNode } from './store.ts';
import { copyFrontier, type Frontier, leafHash, push, rootOf, type TileNode } from './tree.ts';
import { actionWords, entryWords, labelsOf } from './words.ts';

/** The longest `"seq":…,"ts":…` that two safe integers can need, in bytes. */
const POSITION_BYTES = 40;

/** Their batch is signed in the same transaction: whoever acts on them can show a checkpoint that covers them. */
const SIGNED_AT_ONCE: ReadonlySet<EntryType> = new Set<EntryType>([
  'ledger.genesis',
  'ledger.key_rotated',
  'approval.decided',
  'capability.exchanged',
  'break_glass.invoked',
  'approver.enrolled',
  'approver.removed',
]);

/**
 * What is only right at its time: whoever verifies the ledger compares `ts` with when a session, a statement, a request
 * or an invite ends, and the gateway has compared its own clock before.
 */
const TIMED: ReadonlySet<EntryType> = new Set<EntryType>([
  'service_account.created',
  'service_account.removed',
  'approver.invited',
  'approver.enrolled',
  'approver.removed',
  'passkey.added',
  'passkey.removed',
  'session.narrowed',
  'approval.requested',
  'approval.decided',
  'approval.executing',
]);

/** An entry whose canonical text is ready but for its place: members are sorted, so `seq` and `ts` stand together. */
export interface PreparedEntry {
  readonly draft: EntryDraft;
  /** When it was handed in, epoch milliseconds. */
  readonly at: number;
  readonly before: string;
  readonly after: string;
}

/**
 * Makes the canonical text of an entry ready for sealing. Throws `payload_too_large` when the entry would reach
 * 64 KiB, so that it fails alone and not with its batch.
 */
export function prepareEntry(log: string, draft: EntryDraft, at: number): PreparedEntry {
  const ref = canonicalize(draft.ref as unknown as JsonObject);
  const before = `{"body":${canonicalize(draft.body)},"log":${JSON.stringify(log)},"ref":${ref},"seq":`;
  const after = `,"type":${JSON.stringify(draft.type)},"v":1}`;
  if (before.length + after.length > LIMITS.ledgerEntryBytes / 4) {
    const bytes = Buffer.byteLength(before) + after.length + POSITION_BYTES;
    if (bytes >= LIMITS.ledgerEntryBytes) {
      throw new CountersignError(
        'payload_too_large',
        `A ledger entry of type ${draft.type} would take ${bytes} bytes; entries stay under ${LIMITS.ledgerEntryBytes}.`,
      );
    }
  }
  return { draft, at, before, after };
}

/** What is known of the end of the ledger in memory. `root` and the tile nodes follow from the frontier. */
export interface Head {
  readonly frontier: Frontier;
  /** Of the newest entry; times never go back. Milliseconds. */
  readonly lastTs: number;
  /** The size of the newest signed checkpoint, or -1. */
  readonly signedSize: number;
  /** The newest signed checkpoint, or ''. */
  readonly note: string;
}

/** A batch as it will be once it is durable; dropped when it is not. */
export interface SealedBatch {
  readonly head: Head;
  readonly statements: readonly Statement[];
  /** It holds what is acted on as soon as it is durable, so its checkpoint has to outlive the database too. */
  readonly isUrgent: boolean;
  /** It brings a new key of the log into force. */
  readonly isRotation: boolean;
  /** Builds the sealed entries, for those who listen. */
  entries(): Entry[];
}

export interface SealInput {
  readonly head: Head;
  readonly prepared: readonly PreparedEntry[];
  readonly signer: NoteSigner;
  /** Signs in its place when the entries rotate the key. */
  readonly nextSigner: NoteSigner | undefined;
  readonly workspace: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Sign whatever the entries are. */
  readonly sign: boolean;
  /** True for an action that is found by its words already. */
  readonly isKnown: (action: string) => boolean;
}

/** What lets an entry be found by words and labels. An allowed call needs nothing but its action, once. */
function searchRows(
  { type, ref, body }: EntryDraft,
  { seq, isKnown }: { seq: number; isKnown: SealInput['isKnown'] },
): Statement[] {
  const { action, session } = ref;
  const rows = entryWords({ type, body }).map((word) => insertWord(word, seq));
  if (action !== undefined && !isKnown(action))
    rows.push(...actionWords(action).map((word) => insertActionWord({ word, action })));
  if (session !== undefined)
    rows.push(...labelsOf({ type, body }).map((label) => insertLabel({ label, session })));
  return rows;
}

/** Throws `ledger_unavailable` when an entry would stand at another time than that at which it was checked. */
function requireTimely({ draft, at }: PreparedEntry, ts: number): void {
  const apartMs = Math.abs(ts - at);
  if (apartMs <= LIMITS.clockSkewMs || !TIMED.has(draft.type)) return;
  throw new CountersignError(
    'ledger_unavailable',
    `This change was checked ${Math.ceil(apartMs / 1_000)} seconds away from the time of the ledger, so nothing was ` +
      'changed or sent. Either the clock of the gateway was set back and has to catch up with the newest entry, or ' +
      'the disk is too slow. Try again.',
  );
}

/**
 * Gives each entry its sequence and time, extends a copy of the tree, and returns the rows to insert. Throws
 * `ledger_unavailable` for an entry that would stand at another time than that at which it was checked.
 */
export function sealBatch(input: SealInput): SealedBatch {
  const { head, prepared, signer, nextSigner, workspace, at, sign } = input;
  const frontier = copyFrontier(head.frontier);
  const first = frontier.size;
  const ts = Math.max(at, head.lastTs);
  const statements: Statement[] = [];
  const completed: TileNode[] = [];
  let signNow = sign && head.signedSize !== first;
  let isUrgent = false;
  let isRotation = false;
  for (const entry of prepared) {
    requireTimely(entry, ts);
    const { draft, before, after } = entry;
    const seq = frontier.size;
    const text = `${before}${seq},"ts":${ts}${after}`;
    const leaf = leafHash(text);
    push(frontier, leaf, 0, completed);
    const { type, ref } = draft;
    statements.push(
      insertEntry({ workspace, seq, ts, type, ref, text, leaf: Buffer.from(leaf).toString('hex') }),
    );
    statements.push(...searchRows(draft, { seq, isKnown: input.isKnown }));
    isUrgent ||= SIGNED_AT_ONCE.has(type);
    isRotation ||= type === 'ledger.key_rotated';
    signNow ||= sign || isUrgent;
  }
  for (const node of completed) statements.push(insertNode(node));
  let { signedSize, note } = head;
  if (signNow) {
    const root = Buffer.from(rootOf(frontier)).toString('hex');
    signedSize = frontier.size;
    const by = isRotation ? (nextSigner ?? signer) : signer;
    note = by.sign(formatCheckpoint({ origin: signer.name, size: signedSize, root }));
    statements.push(insertCheckpoint({ size: signedSize, root, note, signedAt: ts }));
  }
  return {
    head: { frontier, lastTs: prepared.length === 0 ? head.lastTs : ts, signedSize, note },
    statements,
    isUrgent,
    isRotation,
    entries: () =>
      prepared.map(({ draft }, index) => ({
        ...draft,
        v: 1 as const,
        log: signer.name,
        seq: first + index,
        ts,
      })),
  };
}
