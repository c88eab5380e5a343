import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { readSlots } from '../../src/ledger/head-slots.ts';
import { parseVkey } from '../../src/ledger/note.ts';
import { readEntries } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { temporaryFolder } from './fixture.ts';
import { openKept, placesIn } from './keys.ts';

const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Commits without end from 16 callers, prints each call's name once it was acknowledged, and rotates the key all the while. */
function writer(folder: string): string {
  const { db, key, head } = placesIn(folder);
  return `
    import { createLedger } from ${source('ledger/append.ts')};
    import { genesisEntry } from ${source('ledger/entry.ts')};
    import { openLogKey } from ${source('ledger/open-key.ts')};
    import { systemRandomBytes } from ${source('core/ids.ts')};
    import { openLibsql } from ${source('storage/libsql.ts')};
    const database = openLibsql({ file: ${JSON.stringify(db)} });
    const { signer } = openLogKey({
      file: ${JSON.stringify(key)}, name: 'localhost/kept', random: systemRandomBytes, now: Date.now,
    });
    const headFile = { file: ${JSON.stringify(head)}, acceptRollback: false };
    const ledger = await createLedger({ database, now: Date.now, signer, headFile, report: console.error });
    if (ledger.head().size === 0) await ledger.commit({ entries: [genesisEntry(signer.vkey)] });
    const start = ledger.head().size;
    for (let caller = 0; caller < 16; caller++) {
      void (async () => {
        for (let number = 0; ; number++) {
          const call = [start, caller, number].join('.');
          const type = number % 10 === 0 ? 'approval.decided' : 'call.intent';
          await ledger.commit({ entries: [{ type, ref: { call }, body: {} }] });
          process.stdout.write(type + ' ' + call + ';\\n');
        }
      })();
    }
    for (;;) await ledger.rotateKey({ overlapMs: 0, principal: 'gateway:test' });`;
}

describe('a process that is killed while it writes and rotates its key', () => {
  it('has kept every commit that it acknowledged, in a sound chain under its keys, and the next one goes on', async () => {
    const folder = temporaryFolder();
    const script = join(folder, 'writer.ts');
    writeFileSync(script, writer(folder));
    const acknowledged: string[] = [];
    for (const enough of [200, 500, 900, 1_400, 2_000]) {
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      for await (const line of createInterface(child.stdout)) {
        if (!line.endsWith(';')) continue;
        acknowledged.push(line.slice(0, -1));
        if (acknowledged.length === enough) child.kill('SIGKILL');
      }
      await exit;
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(2_000);

    const head = readFileSync(placesIn(folder).head);
    const kept = await openKept(folder);
    const rows = await readEntries(kept.database, { from: 0, limit: 1_000_000 });
    const calls = new Map(
      rows.map((row) => [(JSON.parse(row.text) as { ref: { call?: string } }).ref.call, row.seq]),
    );
    const names = acknowledged.map((line) => line.split(' ')[1]);
    expect(names.filter((call) => !calls.has(call))).toEqual([]);
    const vkeys = rows.flatMap(
      (row) => (JSON.parse(row.text) as { body: { vkey?: string } }).body.vkey ?? [],
    );
    expect(vkeys.length).toBeGreaterThan(5);
    expect(vkeys.at(-1)).toBe(kept.signer.vkey);
    // What was acknowledged of a decision is under the head that outlives the database.
    const decided = acknowledged.findLast((line) => line.startsWith('approval.decided'))?.split(' ')[1];
    const found = readSlots(
      head,
      vkeys.flatMap((vkey) => parseVkey(vkey) ?? []),
    );
    const headSize = typeof found === 'string' ? found : found.checkpoint.size;
    expect(headSize).toBeGreaterThan(calls.get(decided) ?? Number.POSITIVE_INFINITY);

    await kept.ledger.checkpointNow();
    for (const vkey of [vkeys[0], vkeys.at(-1)]) {
      const verified = await verifyLedger(kept.database, { vkey: vkey ?? '' });
      expect(verified).toMatchObject({ ok: true, ...kept.ledger.head() });
    }
    await kept.close();
  });
});
