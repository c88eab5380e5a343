import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { entryText } from '../../../src/ledger/entry.ts';
import { emptyFrontier, leafHash, push, rootOf } from '../../../src/ledger/tree.ts';
import { verifyLedger } from '../../../src/ledger/verify.ts';
import { openLibsqlReader } from '../../../src/storage/libsql.ts';
import { logKey } from '../support/scribe.ts';
import { type Attacker, tamper } from './attacker.ts';
import type { Copy } from './copy.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

/** What the gateway's own audit of the stored ledger finds, which `GET /v1/logs/verify` runs too. */
async function audit(copy: Copy): Promise<string> {
  const reader = openLibsqlReader(copy.database);
  const { problem } = await verifyLedger(reader, { vkey: scene.vkey });
  reader.close();
  return problem === undefined ? '' : `entry ${problem.seq}: ${problem.reason}`;
}

const texts = (attacker: Attacker): string[] => attacker.entries().map(entryText);

/** The text of the decision on the paid call, with another person in it. */
function editedDecision(attacker: Attacker): { seq: number; text: string } {
  const entry = attacker.entry('approval.decided', scene.ids.paid);
  return {
    seq: entry.seq,
    text: entryText({ ...entry, ref: { ...entry.ref, principal: `person:${scene.ada.id}` } }),
  };
}

interface Cell {
  readonly name: string;
  readonly act: (attacker: Attacker) => void;
  /** What the start says without the kept head, which would tell before. */
  readonly start: RegExp;
  readonly audit: RegExp;
  readonly offline: RegExp;
}

const CELLS: readonly Cell[] = [
  {
    name: 'an entry that was edited',
    act: (attacker) => {
      const { seq, text } = editedDecision(attacker);
      attacker.sql('UPDATE ledger SET entry = ? WHERE seq = ?', text, seq);
    },
    start: /changed outside Countersign: the first \d+ entries do not have the root that was signed/,
    audit: /its text does not have the stored leaf hash/,
    offline: /\(approval\.decided\) by rule 3/,
  },
  {
    name: 'an entry that was edited together with its hashes',
    act: (attacker) => {
      const genesis = attacker.entry('policy.loaded');
      const written = texts(attacker);
      written[genesis.seq] = entryText({ ...genesis, body: { ...genesis.body, rules: 99 } });
      attacker.rewrite(written);
    },
    start: /do not have the root that was signed/,
    audit: /are not those that were signed with size/,
    offline: /by rule 1: .*not those that were signed/,
  },
  {
    name: 'an entry that was deleted',
    act: (attacker) => {
      attacker.sql('DELETE FROM ledger WHERE seq = ?', attacker.entry('approval.decided').seq);
    },
    start: /entry \d+ is missing/,
    audit: /entry \d+ is missing; entry \d+ comes in its place/,
    offline: /by rule 1: entry \d+ is missing/,
  },
  {
    name: 'an entry that was deleted, with all that follow moved up',
    act: (attacker) => {
      const { seq } = attacker.entry('approval.decided');
      const kept = attacker.entries().filter((entry) => entry.seq !== seq);
      attacker.rewrite(kept.map((entry, at) => entryText({ ...entry, seq: at })));
    },
    start: /a checkpoint covers \d+ entries, but entry \d+ is missing/,
    audit: /are not those that were signed with size/,
    offline: /by rule [1-9]/,
  },
  {
    name: 'two entries in each other’s place',
    act: (attacker) => {
      const entries = attacker.entries();
      const at = attacker.entry('call.intent').seq;
      const [one, two] = [entries[at], entries[at + 1]];
      if (one === undefined || two === undefined) throw new Error('too few entries');
      const written = texts(attacker);
      written[at] = entryText({ ...two, seq: at, ts: one.ts });
      written[at + 1] = entryText({ ...one, seq: at + 1, ts: two.ts });
      attacker.rewrite(written);
    },
    start: /do not have the root that was signed/,
    audit: /are not those that were signed with size/,
    offline: /by rule 1: .*not those that were signed/,
  },
  {
    name: 'the end cut off',
    act: (attacker) => {
      attacker.sql('DELETE FROM ledger WHERE seq >= ?', attacker.entries().length - 3);
    },
    start: /a checkpoint covers \d+ entries, but entry \d+ is missing/,
    audit: /entry \d+ and what followed are missing; \d+ entries were signed/,
    offline: /by rule 1: a checkpoint of size \d+ stands after \d+ entries/,
  },
  {
    name: 'the end cut off, and a checkpoint of what is left that nobody signed',
    act: (attacker) => {
      const size = attacker.entries().length - 3;
      attacker.rewrite(texts(attacker).slice(0, size));
      attacker.sql('DELETE FROM checkpoint WHERE size > ?', size);
      attacker.sql('DELETE FROM checkpoint WHERE size = ?', size);
      const newest = attacker.sql('SELECT * FROM checkpoint ORDER BY size DESC LIMIT 1')[0];
      const frontier = emptyFrontier();
      for (const text of texts(attacker)) push(frontier, leafHash(text));
      const root = Buffer.from(rootOf(frontier)).toString('hex');
      const signature = String(newest?.note).split('\n\n')[1];
      const origin = attacker.entry('ledger.genesis').log;
      const note = `${formatCheckpoint({ origin, size, root })}\n${signature}`;
      attacker.sql('INSERT INTO checkpoint VALUES (?, ?, ?, ?)', size, root, note, Date.now());
    },
    start: /does not fit the log key \(the signature by .* is wrong\)/,
    audit: /the checkpoint of size \d+ is not valid: the signature by .* is wrong/,
    offline: /by rule 1: .*the signature by .* is wrong/,
  },
];

describe('who writes to the database and has no key', () => {
  it.each(CELLS)('is found out by $name: the start, the audit and an auditor refuse it', async (cell) => {
    const copy = scene.copy();
    tamper(copy, cell.act);
    expect(await audit(copy)).toMatch(cell.audit);
    expect(await copy.refusal(await copy.export())).toMatch(cell.offline);
    expect(await copy.startRefusal()).toMatch(/changed outside|not those that were signed|an older copy/);
    rmSync(join(copy.dataDir, 'ledger.head'));
    expect(await copy.startRefusal()).toMatch(cell.start);
    expect(copy.received()).toEqual([]);
  });

  it('is found out under a running gateway by GET /v1/logs/verify, at the entry', async () => {
    const copy = scene.copy();
    const running = await copy.start();
    expect((await running.api('GET', '/v1/logs/verify')).body).toMatchObject({ ok: true });
    const seq = tamper(copy, (attacker) => {
      const edited = editedDecision(attacker);
      attacker.sql('UPDATE ledger SET entry = ? WHERE seq = ?', edited.text, edited.seq);
      return edited.seq;
    });
    const { body } = await running.api('GET', '/v1/logs/verify');
    expect(body).toMatchObject({ ok: false, problem: { seq } });
  });

  it('cuts off the end and the checkpoints of it: the log is sound as far as it goes, and the kept head tells', async () => {
    const copy = scene.copy();
    tamper(copy, (attacker) => {
      const { seq } = attacker.entry('approval.decided', scene.ids.ready);
      const older = attacker.sql('SELECT MAX(size) AS size FROM checkpoint WHERE size <= ?', seq)[0]?.size;
      attacker.sql('DELETE FROM checkpoint WHERE size > ?', older);
      attacker.rewrite(texts(attacker).slice(0, older));
    });
    expect(await audit(copy)).toBe('');
    const text = await copy.export();
    expect(await copy.refusal(text)).toBe('');
    expect(await copy.startRefusal()).toMatch(/an older copy of the database stands in its place/);
    rmSync(join(copy.dataDir, 'ledger.head'));
    expect(await copy.startRefusal()).toBe('');
    const newest = JSON.parse((await scene.copy().export()).trimEnd().split('\n').at(-2) ?? '').checkpoint;
    expect(await copy.refusal(text, { older: newest })).toMatch(/entries are gone/);
  });

  it('signs checkpoints with a key of their own: no start takes it, nor does an auditor', async () => {
    const copy = scene.copy();
    tamper(copy, (attacker) => {
      const other = logKey(9);
      const genesis = attacker.entry('ledger.genesis');
      const forged = { ...genesis, body: { ...genesis.body, vkey: other.vkey } };
      attacker.rewrite([entryText(forged), ...texts(attacker).slice(1)]);
      attacker.sign(other);
    });
    rmSync(join(copy.dataDir, 'ledger.head'));
    expect(await copy.startRefusal()).toMatch(/is not in this file|belongs to another log|does not fit/);
    expect(await copy.refusal(await copy.export())).toMatch(/by rule 1/);
  });
});
