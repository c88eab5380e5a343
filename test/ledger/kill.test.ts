import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { newSkey } from '../../src/ledger/note.ts';
import { readEntries } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { openFixture, signerOf, temporaryFolder } from './fixture.ts';

const source = (path: string) => JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);

/** Commits without end from 16 callers and prints each call's name once it was acknowledged. */
function writer(file: string): string {
  const skey = newSkey({ name: signerOf().name, random: (size) => new Uint8Array(size).fill(7) });
  return `
    import { createLedger } from ${source('ledger/append.ts')};
    import { parseSkey } from ${source('ledger/note.ts')};
    import { openLibsql } from ${source('storage/libsql.ts')};
    const database = openLibsql({ file: ${JSON.stringify(file)} });
    const signer = parseSkey(${JSON.stringify(skey)});
    const ledger = await createLedger({ database, now: Date.now, signer, report: console.error });
    const start = ledger.head().size;
    for (let caller = 0; caller < 16; caller++) {
      void (async () => {
        for (let number = 0; ; number++) {
          const call = [start, caller, number].join('.');
          const type = number % 10 === 0 ? 'approval.decided' : 'call.intent';
          await ledger.commit({ entries: [{ type, ref: { call }, body: {} }] });
          process.stdout.write(call + ';\\n');
        }
      })();
    }`;
}

describe('a process that is killed while it writes', () => {
  it('has kept every commit that it acknowledged, in a sound chain, and the next one goes on', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'countersign.db');
    const script = join(folder, 'writer.ts');
    writeFileSync(script, writer(file));
    const acknowledged: string[] = [];
    for (const enough of [300, 900, 1_700]) {
      const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exit = once(child, 'exit');
      for await (const line of createInterface(child.stdout)) {
        if (!line.endsWith(';')) continue;
        acknowledged.push(line.slice(0, -1));
        if (acknowledged.length === enough) child.kill('SIGKILL');
      }
      await exit;
    }
    const { database, ledger, signer } = await openFixture({ file });
    const rows = await readEntries(database, { from: 0, limit: 1_000_000 });
    const calls = new Set(rows.map((row) => (JSON.parse(row.text) as { ref: { call: string } }).ref.call));
    expect(acknowledged.filter((call) => !calls.has(call))).toEqual([]);
    expect(await verifyLedger(database, { vkey: signer.vkey })).toMatchObject({ ok: true, ...ledger.head() });
  });
});
