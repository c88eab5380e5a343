import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../core/clock.ts';
import { errorText, isCountersignError } from '../../core/errors.ts';
import { systemRandomBytes } from '../../core/ids.ts';
import type { Statement } from '../../storage/database.ts';
import { openLibsql } from '../../storage/libsql.ts';
import { createLedger } from '../append.ts';
import { openLogKey } from '../open-key.ts';
import type {
  FromThread,
  PackedChange,
  PackedError,
  PackedStatement,
  Settled,
  ThreadData,
  ToThread,
} from './protocol.ts';

/** The thread's program: the only writer. It owns the database's writing connection, the ledger and the log key. */

function send(message: FromThread): void {
  parentPort?.postMessage(message);
}

function packError(error: unknown): PackedError {
  if (!isCountersignError(error)) {
    return { code: 'ledger_unavailable', message: errorText(error), fields: [], cause: undefined };
  }
  const cause = error.cause === undefined ? undefined : errorText(error.cause);
  return { code: error.code, message: error.message, fields: [...error.fields], cause };
}

async function main({ file, keyFile, keyName, head, workspace }: ThreadData): Promise<void> {
  const database = openLibsql({ file });
  const { signer } = openLogKey({
    file: keyFile,
    name: keyName,
    random: systemRandomBytes,
    now: systemClock,
    onRotated: (vkey) => send({ kind: 'key', vkey }),
  });
  const ledger = await createLedger({
    database,
    now: systemClock,
    signer,
    headFile: head,
    workspace,
    report: (error) => send({ kind: 'report', text: errorText(error) }),
  });
  const texts: string[] = [];
  let settled: Settled[] = [];

  function settle(result: Settled): void {
    settled.push(result);
    if (settled.length > 1) return;
    // One transaction settles many changes in one turn; they go back together.
    queueMicrotask(() => {
      send({ kind: 'settled', head: ledger.head(), results: settled });
      settled = [];
    });
  }

  const unpack = ([sql, ...params]: PackedStatement): Statement => ({ sql: texts[sql] ?? '', params });

  function commit({ id, guard, then, entries, erases }: PackedChange): void {
    const change = {
      ...(guard === undefined ? {} : { guard: unpack(guard) }),
      erases,
      then: then.map(unpack),
      entries,
    };
    ledger.commit(change).then(
      (applied) => settle({ id, applied }),
      (error: unknown) => settle({ id, error: packError(error) }),
    );
  }

  async function close(id: number): Promise<void> {
    await ledger.close();
    await database.close();
    send({ kind: 'closed', id });
    parentPort?.close();
  }

  async function answer(message: Exclude<ToThread, { kind: 'commit' }>): Promise<void> {
    const { id } = message;
    switch (message.kind) {
      case 'close':
        return close(id);
      case 'checkpoint': {
        const note = await ledger.checkpointNow();
        return send({ kind: 'note', id, head: ledger.head(), note });
      }
      case 'rotate': {
        const rotated = await ledger.rotateKey(message.input);
        return send({ kind: 'rotated', id, head: ledger.head(), rotated });
      }
    }
  }

  parentPort?.on('message', (message: ToThread) => {
    if (message.kind === 'commit') {
      texts.push(...message.sql);
      for (const change of message.changes) commit(change);
      return;
    }
    const { id } = message;
    answer(message).catch((error: unknown) => send({ kind: 'failed', id, error: packError(error) }));
  });
  send({ kind: 'ready', name: signer.name, vkey: signer.vkey, head: ledger.head() });
}

main(workerData as ThreadData).catch((error: unknown) => {
  send({ kind: 'refused', error: packError(error) });
  parentPort?.close();
});
