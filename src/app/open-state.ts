import { createSecretKey, type KeyObject } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import type { Config } from '../config.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type NewId, type RandomBytes, systemNewId, systemRandomBytes } from '../core/ids.ts';
import { type Listener, listen } from '../http/listen.ts';
import { createLedger } from '../ledger/append.ts';
import { genesisEntry } from '../ledger/entry.ts';
import type { RunningLedger } from '../ledger/ledger.ts';
import { openDataKey, openLogKey } from '../ledger/open-key.ts';
import { openLedgerThread } from '../ledger/thread/open-thread.ts';
import type { ThreadData } from '../ledger/thread/protocol.ts';
import type { Reader } from '../storage/database.ts';
import { openLibsqlReader } from '../storage/libsql.ts';
import type { StartOptions, Undo } from './options.ts';
import { type Observed, wireObserve } from './wire-observe.ts';

/** What everything else stands on: the address, the database, the keys and the ledger. */
export interface State {
  readonly config: Config;
  readonly log: Logger;
  readonly listener: Listener;
  /** Where people and agents reach the gateway, without a trailing slash. */
  readonly publicOrigin: string;
  readonly workspace: string;
  readonly database: Reader & { close(): Promise<void> | void };
  readonly ledger: RunningLedger;
  /** The log's name and the verifier key in force, which a rotation changes. */
  readonly signer: { readonly name: string; readonly vkey: string };
  readonly dataKey: KeyObject;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
  readonly observed: Observed;
}

const WORKSPACE = 'default';

type Records = Pick<State, 'database' | 'ledger' | 'signer'>;

/** The embedded engine writes in a thread of its own; an engine that was handed in is used where it is. */
async function openRecords(
  options: StartOptions,
  undo: Undo,
  input: ThreadData & { report: (error: unknown) => void },
): Promise<Records> {
  const { report, ...data } = input;
  if (options.openDatabase !== undefined) {
    const database = options.openDatabase(data.file);
    undo.add(() => database.close());
    const { signer } = openLogKey({
      file: data.keyFile,
      name: data.keyName,
      random: systemRandomBytes,
      now: systemClock,
    });
    const ledger = await createLedger({
      database,
      now: systemClock,
      signer,
      headFile: data.head,
      report,
      workspace: data.workspace,
    });
    undo.add(() => ledger.close());
    return { database, ledger, signer };
  }
  const { ledger, signer, attachReader } = await openLedgerThread(data, report);
  undo.add(() => ledger.close());
  const database = openLibsqlReader(data.file);
  undo.add(() => database.close());
  attachReader(database);
  return { database, ledger, signer };
}

/** Where the gateway is reached, and where it says what happens to it. */
export type Address = Pick<State, 'log' | 'listener' | 'publicOrigin'>;

/** Takes the port first, so that the address is known before anything is named after it; 503 until it is served. */
export async function openAddress(config: Config, undo: Undo): Promise<Address> {
  const log = pino(
    { level: config.logLevel, redact: { paths: ['*.headers', '*.authorization', '*.token'], remove: true } },
    pino.destination(2),
  );
  const listener = await listen({
    host: config.host,
    port: config.port,
    onError: (err) => log.error({ err }, 'an HTTP exchange failed'),
  });
  undo.add(() => listener.close(0));
  return { log, listener, publicOrigin: config.publicOrigin ?? `http://localhost:${listener.port}` };
}

/** Opens database, ledger and keys. All that is slow happens in another thread, which has begun when this returns. */
export async function openState(
  options: StartOptions,
  config: Config,
  { address, undo }: { address: Address; undo: Undo },
): Promise<State> {
  const { log, publicOrigin } = address;
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const { database, ledger, signer } = await openRecords(options, undo, {
    file: join(config.dataDir, 'countersign.db'),
    keyFile: join(config.dataDir, 'ledger.key'),
    keyName: `${new URL(publicOrigin).host}/${WORKSPACE}`,
    head: { file: join(config.dataDir, 'ledger.head'), acceptRollback: options.acceptRollback === true },
    workspace: WORKSPACE,
    report: (err) => log.error({ err }, 'the ledger reported a problem'),
  });
  const dataKey = openDataKey({ file: join(config.dataDir, 'payload.key'), random: systemRandomBytes });
  if (ledger.head().size === 0) await ledger.commit({ entries: [genesisEntry(signer.vkey)] });
  const records = { config, workspace: WORKSPACE, database, ledger, now: systemClock };
  const observed = await wireObserve({ ...records, log, emit: (event) => options.onEvent?.(event) });
  undo.add(() => observed.close());
  return {
    ...address,
    ...records,
    signer,
    dataKey: createSecretKey(dataKey),
    newId: systemNewId,
    random: systemRandomBytes,
    observed,
  };
}
