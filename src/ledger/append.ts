import type { Clock } from '../core/clock.ts';
import { CountersignError, type ErrorCode, isCountersignError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import { type Applied, type Database, isAmbiguousCommit, type Transition } from '../storage/database.ts';
import { type Head, type PreparedEntry, prepareEntry, type SealedBatch, sealBatch } from './draft.ts';
import type { Entry } from './entry.ts';
import { checkHead, createHeadKeeper, type HeadFile } from './keep-head.ts';
import type { Change, RotatedKey, RotateInput, RunningLedger } from './ledger.ts';
import type { LogSigner } from './log-key.ts';
import { type NoteVerifier, parseVkey } from './note.ts';
import { extendHead, openHead, vkeyInForce } from './open-head.ts';
import { createRotations } from './rotate.ts';
import { type Schedule, systemSchedule } from './schedule.ts';
import { rootOf } from './tree.ts';

export interface LedgerDeps {
  readonly database: Database;
  readonly now: Clock;
  /** Signs checkpoints; its name is the log's origin and the `log` member of every entry. */
  readonly signer: LogSigner;
  /** Where the newest checkpoint is kept outside the database; without it a rollback goes unnoticed. */
  readonly headFile?: HeadFile;
  /** Told of what no caller waits for: a checkpoint that could not be written, a listener that threw. */
  readonly report: (error: unknown) => void;
  readonly workspace?: string;
  readonly schedule?: Schedule;
}

interface Item extends Transition<PreparedEntry> {
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: unknown) => void;
  readonly isRotation?: boolean;
}

/** The actions that were written with their words since the start; what is forgotten is only written again. */
function createKnownActions() {
  const actions = new Set<string>();
  return {
    has: (action: string) => actions.has(action),
    add(items: readonly Item[]) {
      if (actions.size > LIMITS.knownActions) actions.clear();
      for (const { entries } of items) {
        for (const { draft } of entries) if (draft.ref.action !== undefined) actions.add(draft.ref.action);
      }
    },
  };
}

/** What says by itself that nothing was changed, and whose fault that was. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set(['ledger_unavailable', 'invalid_request']);

export function unavailable(cause: unknown): CountersignError {
  if (isCountersignError(cause) && PASSED_ON.has(cause.code)) return cause;
  return new CountersignError(
    'ledger_unavailable',
    'The ledger could not be written, so nothing was changed or sent. Check space and permissions of the data ' +
      'directory, then try again.',
    { cause },
  );
}

/**
 * Opens the ledger for writing. There must be one writer for a database. Commits of one turn of the event loop share
 * a transaction of at most `LIMITS.groupCommitItems`; the next starts as soon as it has ended, never on a timer. When
 * a transaction fails its items are tried again one by one, so that one bad change fails alone. Throws
 * `config_invalid` when what is stored does not fit its newest checkpoint, the log key, or the kept head.
 */
export async function createLedger(deps: LedgerDeps): Promise<RunningLedger> {
  const { database, now, signer, headFile, report, workspace = 'default', schedule = systemSchedule } = deps;
  const vkeys = signer.rotation?.vkeys() ?? [signer.vkey];
  // Before the keys: a database from before a rotation would put the earlier key in force again.
  if (headFile !== undefined) await checkHead(headFile, { database, vkeys, now, report });
  signer.rotation?.settle(await vkeyInForce(database));
  const rotations = createRotations(signer, report);
  const keeper =
    headFile === undefined ? undefined : createHeadKeeper(headFile.file, { schedule, report, vkeys });
  let head: Head = await openHead(database, parseVkey(signer.vkey) as NoteVerifier);
  let stale = false;
  let closed = false;
  let turning = false;
  let signDue = false;
  let writable = true;
  let cancelTimer: (() => void) | undefined;
  const known = createKnownActions();
  const queue: Item[] = [];
  const listeners = new Set<(entries: readonly Entry[]) => void>();

  function publish(entries: readonly Entry[]): void {
    for (const listener of listeners) {
      try {
        listener(entries);
      } catch (error) {
        report(error);
      }
    }
  }

  function adopt(next: Head): void {
    head = next;
    if (head.signedSize === head.frontier.size) signDue = false;
    else if (!closed) cancelTimer ??= schedule(signLater, LIMITS.checkpointIntervalMs);
  }

  function signLater(): void {
    cancelTimer = undefined;
    if (closed || head.signedSize === head.frontier.size) return;
    checkpointNow().catch((error) => {
      report(error);
      if (!closed) cancelTimer ??= schedule(signLater, LIMITS.checkpointIntervalMs);
    });
  }

  /** What was kept although its COMMIT was reported as failed belongs to the chain; reading it back tells. */
  async function reread(): Promise<void> {
    const found = await extendHead(database, head);
    stale = false;
    adopt(found.head);
    keeper?.keep(head.note, true);
    const entries = found.texts.map((text) => JSON.parse(text) as Entry);
    rotations.resolve(entries);
    if (entries.length > 0) publish(entries);
  }

  async function write(items: readonly Item[]): Promise<void> {
    let sealed: SealedBatch | undefined;
    const results = await database.apply(items, (accepted) => {
      const prepared = accepted.flatMap((transition) => transition.entries);
      const nextSigner = rotations.nextSigner();
      const isKnown = known.has;
      sealed = sealBatch({
        head,
        prepared,
        signer,
        nextSigner,
        workspace,
        at: now(),
        sign: signDue,
        isKnown,
      });
      return sealed.statements;
    });
    writable = true;
    const kept = sealed as unknown as SealedBatch;
    known.add(items.filter((_, index) => results[index]?.kind === 'applied'));
    const grown = kept.head.frontier.size > head.frontier.size;
    adopt(kept.head);
    // Nobody learns of a decision or an exchange before its head is kept, nor is a key dropped that the kept one needs.
    keeper?.keep(head.note, kept.isUrgent);
    if (kept.isRotation) rotations.end(true);
    for (const [index, item] of items.entries()) item.resolve(results[index] as Applied);
    if (grown && listeners.size > 0) publish(kept.entries());
  }

  async function writeOrSplit(items: readonly Item[]): Promise<void> {
    try {
      if (stale) await reread();
      await write(items);
    } catch (error) {
      // A change that fails for what it is fails alone; then the others show that the ledger can be written.
      writable = false;
      if (isAmbiguousCommit(error)) {
        stale = true;
        if (items.some((item) => item.isRotation)) rotations.doubt();
        for (const item of items) item.reject(error);
        await reread().catch(report);
      } else if (items.length > 1 && !stale) {
        for (const item of items) await writeOrSplit([item]);
      } else {
        if (items.some((item) => item.isRotation)) rotations.end(false);
        for (const item of items) item.reject(unavailable(error));
      }
    }
  }

  async function turn(): Promise<void> {
    await writeOrSplit(queue.splice(0, LIMITS.groupCommitItems));
    turning = false;
    wake();
  }

  function wake(): void {
    if (turning || queue.length === 0) return;
    turning = true;
    setImmediate(() => turn().catch(report));
  }

  function enqueue(change: Omit<Item, 'resolve' | 'reject'>): Promise<Applied> {
    return new Promise((resolve, reject) => {
      queue.push({ ...change, resolve, reject });
      wake();
    });
  }

  function checkOpen(): void {
    if (closed)
      throw new CountersignError('shutting_down', 'Countersign is shutting down; nothing was changed.');
  }

  async function commit(change: Change): Promise<Applied> {
    checkOpen();
    const at = now();
    return enqueue({
      ...change,
      entries: change.entries.map((entry) => prepareEntry(signer.name, entry, at)),
    });
  }

  async function rotateKey({ overlapMs, principal }: RotateInput): Promise<RotatedKey> {
    checkOpen();
    const overlapUntil = now() + overlapMs;
    const draft = rotations.begin({ overlapUntil, principal });
    const vkey = String(draft.body.vkey);
    await enqueue({ entries: [prepareEntry(signer.name, draft, now())], isRotation: true });
    return { vkey, previous: String(draft.body.previous), overlapUntil };
  }

  async function sign(): Promise<string> {
    signDue = true;
    await enqueue({ entries: [] });
    return head.note;
  }

  async function checkpointNow(): Promise<string> {
    return head.signedSize === head.frontier.size ? head.note : sign();
  }

  adopt(head);
  if (head.note !== '') keeper?.keep(head.note, false);
  return {
    commit,
    isWritable: () => writable,
    rotateKey,
    checkpointNow,
    head: () => ({ size: head.frontier.size, root: Buffer.from(rootOf(head.frontier)).toString('hex') }),
    onEntries: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => {
      if (closed) return;
      closed = true;
      cancelTimer?.();
      cancelTimer = undefined;
      await sign();
      keeper?.close();
    },
  };
}
