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
import type { NoteSigner } from '../ledger/note.ts';
import { openDataKey, openLogKey } from '../ledger/open-key.ts';
import type { Database } from '../storage/database.ts';
import { openLibsql } from '../storage/libsql.ts';
import type { StartOptions, Undo } from './options.ts';

/** What everything else stands on: the address, the database, the keys and the ledger. */
export interface State {
  readonly config: Config;
  readonly log: Logger;
  readonly listener: Listener;
  /** Where people and agents reach the gateway, without a trailing slash. */
  readonly publicOrigin: string;
  readonly workspace: string;
  readonly database: Database;
  readonly ledger: RunningLedger;
  readonly signer: NoteSigner;
  readonly dataKey: KeyObject;
  /** Whether the ledger was empty. */
  readonly isFirst: boolean;
  readonly now: Clock;
  readonly newId: NewId;
  readonly random: RandomBytes;
}

const WORKSPACE = 'default';

/** Takes the port first, so that the address is known before anything is named after it; 503 until it is served. */
export async function openState(options: StartOptions, config: Config, undo: Undo): Promise<State> {
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
  const publicOrigin = config.publicOrigin ?? `http://localhost:${listener.port}`;

  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const file = join(config.dataDir, 'countersign.db');
  const database = options.openDatabase?.(file) ?? openLibsql({ file });
  undo.add(() => database.close());
  const { signer } = openLogKey({
    file: join(config.dataDir, 'ledger.key'),
    name: `${new URL(publicOrigin).host}/${WORKSPACE}`,
    random: systemRandomBytes,
  });
  const dataKey = openDataKey({ file: join(config.dataDir, 'payload.key'), random: systemRandomBytes });
  const ledger = await createLedger({
    database,
    now: systemClock,
    signer,
    report: (err) => log.error({ err }, 'the ledger reported a problem'),
    workspace: WORKSPACE,
  });
  undo.add(() => ledger.close());
  const isFirst = ledger.head().size === 0;
  if (isFirst) await ledger.commit({ entries: [genesisEntry(signer.vkey)] });
  return {
    config,
    log,
    listener,
    publicOrigin,
    workspace: WORKSPACE,
    database,
    ledger,
    signer,
    dataKey: createSecretKey(dataKey),
    isFirst,
    now: systemClock,
    newId: systemNewId,
    random: systemRandomBytes,
  };
}
