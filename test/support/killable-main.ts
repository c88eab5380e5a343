import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startApp } from '../../src/app.ts';
import type { Database } from '../../src/storage/database.ts';
import { openLibsql } from '../../src/storage/libsql.ts';
import type { KillableSettings } from './killable.ts';

/** A gateway that kills itself with SIGKILL at the write that its settings name, counted from the line `arm` on stdin. */
const settings = JSON.parse(process.argv[2] ?? '{}') as KillableSettings;
const count = { armed: false, writes: 0 };

/** Synchronous, so that it is out before the process dies. */
function say(message: object): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

function killAt(database: Database): Database {
  return {
    query: (statement) => database.query(statement),
    apply: (batch, seal) => {
      if (!count.armed) return database.apply(batch, seal);
      count.writes += 1;
      const entries = batch.flatMap(
        (transition) => transition.entries as readonly { draft?: { type: string } }[],
      );
      const types = entries.map((entry) => entry.draft?.type ?? '');
      say({ write: count.writes, types });
      const at = settings.kill?.at;
      const isHere = typeof at === 'string' ? types.includes(at) : at === count.writes;
      const applied = database.apply(batch, (accepted) => {
        const statements = seal(accepted);
        // The guards have run inside the transaction; COMMIT has not.
        if (isHere && settings.kill?.side === 'before') process.kill(process.pid, 'SIGKILL');
        return statements;
      });
      // The engine is synchronous inside: the data is on disk, and nobody has been told.
      if (isHere) process.kill(process.pid, 'SIGKILL');
      return applied;
    },
    close: () => database.close(),
  };
}

const app = await startApp({
  port: 0,
  dataDir: settings.dataDir,
  configFile: settings.configFile,
  policiesDir: settings.policiesDir,
  newEnrolLink: false,
  env: { ...process.env, COUNTERSIGN_LOG_LEVEL: 'silent' },
  ...(settings.kill === undefined && !settings.counting
    ? {}
    : { openDatabase: (file: string) => killAt(openLibsql({ file })) }),
});
createInterface({ input: process.stdin })
  .on('line', () => {
    count.armed = true;
    say({ armed: true });
  })
  .on('close', () => process.exit(0));
say({ origin: app.origin, mcp: app.session.mcp });
