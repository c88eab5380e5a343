import { Worker } from 'node:worker_threads';
import { CountersignError } from '../../core/errors.ts';
import { createTransientMap } from '../../core/transient-map.ts';
import type { Applied, Reader, Statement } from '../../storage/database.ts';
import type { Entry } from '../entry.ts';
import type { Change, RotatedKey, RotateInput, RunningLedger } from '../ledger.ts';
import { readEntries } from '../store.ts';
import type {
  FromThread,
  Head,
  PackedChange,
  PackedError,
  PackedStatement,
  ThreadData,
  ToThread,
} from './protocol.ts';

export interface LedgerThread {
  readonly ledger: RunningLedger;
  /** The log's name and the verifier key in force. */
  readonly signer: { readonly name: string; readonly vkey: string };
  /** Serves listeners: entries are read from here once the thread says that they are durable. */
  attachReader(reader: Reader): void;
}

interface Waiter {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

const PAGE = 500;
const LATER_MS = 100;
/** One that is being written and one that waits: the thread is never idle, and a message holds as much as it can. */
const MESSAGES_AHEAD = 2;
const HOST = new URL(import.meta.url.endsWith('.ts') ? './host.ts' : './host.js', import.meta.url);

function unpackError(error: PackedError): CountersignError {
  return new CountersignError(error.code, error.message, {
    fields: error.fields,
    ...(error.cause === undefined ? {} : { cause: new Error(error.cause) }),
  });
}

function gone(cause: unknown): CountersignError {
  return new CountersignError(
    'ledger_unavailable',
    'The thread that writes the ledger has ended, so nothing more can be changed or sent. Start the gateway again.',
    { cause },
  );
}

/**
 * Starts the writing thread: a commit waits for the disk there, and this thread goes on serving. The guarantees are
 * those of `createLedger`; when the thread ends, whatever waits and whatever comes fails with `ledger_unavailable`.
 * Throws `config_invalid` when database or key cannot be opened.
 */
export async function openLedgerThread(
  data: ThreadData,
  report: (error: unknown) => void,
): Promise<LedgerThread> {
  const worker = new Worker(HOST, { workerData: data, stdout: false, stderr: false });
  const waiting = createTransientMap<number, Waiter>();
  const listeners = new Set<(entries: readonly Entry[]) => void>();
  const sqlNumbers = new Map<string, number>();
  let newSql: string[] = [];
  let queue: PackedChange[] = [];
  /** How many changes of each message are not settled yet, as if they were settled in their order; in all it is exact. */
  const unsettled: number[] = [];
  /** Somebody waits for a change in the queue. */
  let due = false;
  let flushing = false;
  let lateFlush: NodeJS.Timeout | undefined;
  let nextId = 0;
  let failure: CountersignError | undefined;
  let writable = true;
  let reader: Reader | undefined;
  let publishing: Promise<void> = Promise.resolve();
  let published = 0;

  function fail(cause: unknown): void {
    failure ??= gone(cause);
    for (const { reject } of waiting.clear()) reject(failure);
  }

  const started = Promise.withResolvers<Extract<FromThread, { kind: 'ready' }>>();
  worker.on('error', (error) => {
    started.reject(gone(error));
    fail(error);
    report(error);
  });
  worker.on('exit', (code) => {
    started.reject(gone(new Error(`the thread ended with code ${code}`)));
    fail(new Error(`the thread ended with code ${code}`));
  });

  function settle(id: number, act: (waiter: Waiter) => void): void {
    const waiter = waiting.take(id);
    if (waiter !== undefined) act(waiter);
  }

  async function publishUpTo(size: number): Promise<void> {
    while (reader !== undefined && published < size) {
      const limit = Math.min(PAGE, size - published);
      const rows = await readEntries(reader, { from: published, limit });
      published += rows.length;
      const entries = rows.map((row) => JSON.parse(row.text) as Entry);
      for (const listener of listeners) listener(entries);
      if (rows.length === 0) return;
    }
  }

  let head: Head = { size: 0, root: '' };
  let vkey = '';
  function moved(next: Head): void {
    head = next;
    if (listeners.size === 0) return;
    publishing = publishing.then(() => publishUpTo(next.size)).catch(report);
  }

  worker.on('message', (message: FromThread) => {
    switch (message.kind) {
      case 'ready':
        head = message.head;
        vkey = message.vkey;
        return started.resolve(message);
      case 'refused':
        return started.reject(unpackError(message.error));
      case 'report':
        return report(new Error(message.text));
      case 'settled':
        moved(message.head);
        for (const result of message.results) {
          writable = 'applied' in result;
          if (unsettled[0] !== undefined && --unsettled[0] === 0) unsettled.shift();
          if ('applied' in result) settle(result.id, (one) => one.resolve(result.applied as never));
          else settle(result.id, (one) => one.reject(unpackError(result.error)));
        }
        if (due) scheduleFlush();
        return undefined;
      case 'key':
        vkey = message.vkey;
        return undefined;
      case 'rotated':
        moved(message.head);
        return settle(message.id, (one) => one.resolve(message.rotated as never));
      case 'note':
        moved(message.head);
        return settle(message.id, (one) => one.resolve(message.note as never));
      case 'failed':
        return settle(message.id, (one) => one.reject(unpackError(message.error)));
      case 'closed':
        return settle(message.id, (one) => one.resolve(undefined as never));
    }
  });

  function ask<T>(make: (id: number) => void): Promise<T> {
    if (failure !== undefined) return Promise.reject(failure);
    const id = nextId++;
    return new Promise<T>((resolve, reject) => {
      waiting.set(id, { resolve: resolve as Waiter['resolve'], reject });
      make(id);
    });
  }

  function post(message: ToThread): void {
    worker.postMessage(message);
  }

  function pack({ sql, params }: Statement): PackedStatement {
    let number = sqlNumbers.get(sql);
    if (number === undefined) {
      number = sqlNumbers.size;
      sqlNumbers.set(sql, number);
      newSql.push(sql);
    }
    return [number, ...params];
  }

  function flush(): void {
    flushing = false;
    due = false;
    clearTimeout(lateFlush);
    lateFlush = undefined;
    if (queue.length === 0) return;
    const changes = queue;
    const sql = newSql;
    queue = [];
    newSql = [];
    unsettled.push(changes.length);
    post({ kind: 'commit', sql, changes });
  }

  function scheduleFlush(): void {
    if (flushing || unsettled.length >= MESSAGES_AHEAD) return;
    flushing = true;
    setImmediate(flush);
  }

  function enqueue(change: PackedChange, later: boolean): void {
    queue.push(change);
    if (flushing) return;
    if (later) {
      lateFlush ??= setTimeout(flush, LATER_MS).unref();
      return;
    }
    // Everything that this turn of the event loop brings travels in one message.
    due = true;
    scheduleFlush();
  }

  const ready = await started.promise;
  return {
    signer: {
      name: ready.name,
      get vkey() {
        return vkey;
      },
    },
    attachReader(opened) {
      reader = opened;
    },
    ledger: {
      commit: ({ guard, then = [], entries, erases = false, later = false }: Change) =>
        ask<Applied>((id) =>
          enqueue(
            {
              id,
              guard: guard === undefined ? undefined : pack(guard),
              then: then.map(pack),
              entries,
              erases,
            },
            later,
          ),
        ),
      isWritable: () => writable && failure === undefined,
      checkpointNow: () =>
        ask<string>((id) => {
          flush();
          post({ kind: 'checkpoint', id });
        }),
      rotateKey: (input: RotateInput) =>
        ask<RotatedKey>((id) => {
          flush();
          post({ kind: 'rotate', id, input });
        }),
      head: () => head,
      onEntries(listener) {
        if (listeners.size === 0) published = head.size;
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: () =>
        ask<void>((id) => {
          flush();
          post({ kind: 'close', id });
        }),
    },
  };
}
