import { describe, expect, it } from 'vitest';
import { exportLedger } from '../../src/evidence/write-export.ts';
import type { Reader } from '../../src/storage/database.ts';
import { draft, fill, openFixture } from '../ledger/fixture.ts';
import { refusal } from './support/verify.ts';

async function open(count: number) {
  const fixture = await openFixture();
  const { database, ledger, signer, clock } = fixture;
  await ledger.commit({
    entries: [
      { type: 'ledger.genesis', ref: {}, body: { format: 'countersign/ledger/v1', vkey: signer.vkey } },
    ],
  });
  await fill(ledger, count);
  const asked = { queries: 0 };
  const counting: Reader = {
    query: (statement) => {
      asked.queries++;
      return database.query(statement);
    },
  };
  const deps = {
    database: counting,
    workspace: 'default',
    checkpointNow: () => ledger.checkpointNow(),
    vkey: signer.vkey,
    dataKey: new Uint8Array(32),
    now: () => clock.nowMs,
  };
  return { ...fixture, deps, asked };
}

const WHOLE = { payloads: false, approval: undefined };

async function textOf(lines: AsyncGenerator<string, void>): Promise<string> {
  const parts: string[] = [];
  for await (const part of lines) parts.push(part);
  return parts.join('');
}

describe('an export of a long ledger', () => {
  it('is read page by page, only as fast as it is taken', async () => {
    const { deps, asked } = await open(1_800);
    const lines = await exportLedger(deps, WHOLE);
    await lines.next();
    const first = asked.queries;
    await lines.next();
    const second = asked.queries;
    await lines.next();
    expect(first).toBeLessThan(3);
    expect(asked.queries - second).toBeLessThan(5);
    await lines.return();
    expect(asked.queries).toBeLessThan(12);
  });

  it('holds the checkpoints that follow decisions, and of the others one for each 1,000 entries', async () => {
    const { ledger, signer, deps } = await open(0);
    for (let batch = 0; batch < 30; batch++) {
      await fill(ledger, 100);
      await ledger.checkpointNow();
    }
    await ledger.commit({ entries: [draft({}, 'approver.removed')] });
    const text = await textOf(await exportLedger(deps, WHOLE));
    const sizes = text
      .split('\n')
      .filter((line) => line.startsWith('{"checkpoint"'))
      .map((line) => Number(JSON.parse(line).checkpoint.split('\n')[1]));
    expect(sizes).toEqual([1001, 2001, 3001, 3002]);
    expect(await refusal(text, { vkey: signer.vkey })).toContain('(approver.removed) by rule 2');
  });

  it('goes up to what was durable when it began, and verifies while the ledger grows', async () => {
    const { ledger, signer, deps } = await open(1_200);
    const lines = await exportLedger(deps, WHOLE);
    const head = (await lines.next()).value ?? '';
    await fill(ledger, 700);
    const text = head + (await textOf(lines));
    expect(JSON.parse(head)).toMatchObject({ size: 1_201 });
    expect(await refusal(text, { vkey: signer.vkey })).toBe('');
  });

  it('of an approval that is not on the ledger is refused before anything is written', async () => {
    const { deps } = await open(3);
    const asked = exportLedger(deps, { payloads: false, approval: 'apr_none' });
    await expect(asked).rejects.toMatchObject({ code: 'not_found' });
  });
});
