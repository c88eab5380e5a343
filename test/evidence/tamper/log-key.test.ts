import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemRandomBytes } from '../../../src/core/ids.ts';
import { entryText } from '../../../src/ledger/entry.ts';
import { proveConsistency } from '../../../src/ledger/prove.ts';
import { verifyLedger } from '../../../src/ledger/verify.ts';
import { formatAddCheckpoint } from '../../../src/ledger/witness/add-checkpoint.ts';
import { openWitness } from '../../../src/ledger/witness/open-witness.ts';
import { openLibsqlReader } from '../../../src/storage/libsql.ts';
import { enrol } from '../support/cast.ts';
import { fixedDevice } from '../support/device.ts';
import { genesis } from '../support/good-log.ts';
import { createScribe, START_MS } from '../support/scribe.ts';
import { verifyText } from '../support/verify.ts';
import { type Attacker, plantHead, stolenKey, tamper } from './attacker.ts';
import type { Copy } from './copy.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

const texts = (attacker: Attacker): string[] => attacker.entries().map(entryText);

const sizeOf = (note: string): number => Number(note.split('\n')[1]);

async function auditOk(copy: Copy): Promise<boolean> {
  const reader = openLibsqlReader(copy.database);
  const { ok } = await verifyLedger(reader, { vkey: scene.vkey });
  reader.close();
  return ok;
}

/** Rewrites what is stored and signs it all anew, with the log's own key. */
function resigned(act: (attacker: Attacker) => void): { copy: Copy; note: string } {
  const copy = scene.copy();
  const note = tamper(copy, (attacker) => {
    act(attacker);
    return attacker.sign(stolenKey(copy));
  });
  return { copy, note };
}

const without = (attacker: Attacker, gone: readonly number[]): void => {
  const kept = attacker.entries().filter((entry) => !gone.includes(entry.seq));
  attacker.rewrite(kept.map((entry, seq) => entryText({ ...entry, seq })));
};

const HISTORIES = [
  {
    name: 'an edited entry that nobody signs, such as how many rules a policy has,',
    act: (attacker: Attacker) => {
      const loaded = attacker.entry('policy.loaded');
      const written = texts(attacker);
      written[loaded.seq] = entryText({ ...loaded, body: { ...loaded.body, rules: 99 } });
      attacker.rewrite(written);
    },
  },
  {
    name: 'an allowed call that was left out',
    act: (attacker: Attacker) => {
      const intent = attacker.entry('call.intent');
      const about = attacker.entries().filter((entry) => entry.ref.call === intent.ref.call);
      without(
        attacker,
        about.map((entry) => entry.seq),
      );
    },
  },
  {
    name: 'a call that was approved and sent, left out as a whole',
    act: (attacker: Attacker) => {
      const about = attacker.entries().filter((entry) => entry.ref.approval === scene.ids.paid);
      without(
        attacker,
        about.map((entry) => entry.seq),
      );
    },
  },
  {
    name: 'two entries in each other’s place',
    act: (attacker: Attacker) => {
      const entries = attacker.entries();
      const at = attacker.entry('call.intent').seq - 1;
      const [one, two] = [entries[at], entries[at + 1]];
      if (one === undefined || two === undefined) throw new Error('too few entries');
      const written = texts(attacker);
      written[at] = entryText({ ...two, seq: at, ts: one.ts });
      written[at + 1] = entryText({ ...one, seq: at + 1, ts: two.ts });
      attacker.rewrite(written);
    },
  },
  {
    name: 'a log cut off before the paid call',
    act: (attacker: Attacker) => {
      const { seq } = attacker.entry('approval.requested', scene.ids.paid);
      attacker.rewrite(texts(attacker).slice(0, seq));
      attacker.sql('DELETE FROM checkpoint WHERE size > ?', seq);
    },
  },
];

describe('who writes to the database and holds the log’s key signs another history', () => {
  it.each(HISTORIES)('with $name: the kept head tells the start', async ({ act }) => {
    const { copy } = resigned(act);
    expect(await copy.startRefusal()).toMatch(/an older copy of the database|not those that were signed/);
  });

  it.each(HISTORIES)(
    'with $name: it is not caught by the log itself, but by an older checkpoint',
    async ({ act }) => {
      const { copy, note } = resigned(act);
      plantHead(copy, note);
      expect(await auditOk(copy)).toBe(true);
      const text = await copy.export();
      expect(await copy.refusal(text)).toBe('');
      expect(await copy.refusal(text, { older: scene.kept })).toMatch(/by rule 1: /);
      expect(await copy.startRefusal()).toBe('');
    },
  );

  it.each(HISTORIES)('with $name: a witness that saw the log before does not cosign it', async ({ act }) => {
    const { copy, note } = resigned(act);
    const witness = openWitness({
      logs: [scene.vkey],
      keyFile: join(copy.dir, 'witness.key'),
      stateFile: join(copy.dir, 'witness.db'),
      name: 'witness.example',
      now: () => START_MS,
      random: systemRandomBytes,
    });
    expect(
      witness.answer(formatAddCheckpoint({ old: 0, proof: [], note: scene.kept })).judgement.status,
    ).toBe(200);
    const first = sizeOf(scene.kept);
    const size = sizeOf(note);
    const reader = openLibsqlReader(copy.database);
    const proof = size < first ? [] : await proveConsistency(reader, { first, size });
    reader.close();
    const { status } = witness.answer(formatAddCheckpoint({ old: first, proof, note })).judgement;
    expect([400, 409, 422]).toContain(status);
    const text = await copy.export();
    expect(await copy.refusal(text, { witnesses: [witness.vkey] })).toMatch(/no checkpoint is cosigned by/);
  });

  it('and makes people approve what they did not: no key of the log signs for a passkey', async () => {
    const { paid, pending } = scene.ids;
    const { copy, note } = resigned((attacker) => {
      const decided = attacker.entry('approval.decided', paid);
      attacker.append({ ...decided, ref: { ...decided.ref, approval: pending } });
    });
    plantHead(copy, note);
    expect(await auditOk(copy)).toBe(true);
    expect(await copy.refusal(await copy.export())).toMatch(
      /\(approval\.decided\) by rule 3: the statement's approval is not that of the entry/,
    );
  });

  it('and gives a dispatch the approval of other bytes: the commitments do not fit', async () => {
    const { copy, note } = resigned((attacker) => {
      const executing = attacker.entry('approval.executing', scene.ids.paid);
      const written = texts(attacker);
      const digest = 'ab'.repeat(32);
      written[executing.seq] = entryText({ ...executing, body: { ...executing.body, digest } });
      attacker.rewrite(written);
    });
    plantHead(copy, note);
    expect(await copy.refusal(await copy.export())).toMatch(/\(approval\.executing\) by rule 6/);
  });

  it('and dispatches the same approval a second time on paper: the verifier counts', async () => {
    const { copy, note } = resigned((attacker) => {
      for (const type of ['approval.executing', 'capability.exchanged'])
        attacker.append(attacker.entry(type, scene.ids.paid));
    });
    plantHead(copy, note);
    expect(await copy.refusal(await copy.export())).toMatch(/\(approval\.executing\) by rule 6/);
  });

  it('from the first entry on, with passkeys of their own: only who knows the first passkey, or a head, notices', async () => {
    const genuine = createScribe();
    genesis(genuine);
    enrol(genuine, { id: 'per_ada', name: 'Ada' });
    const head = genuine.checkpoint();

    const forged = createScribe();
    genesis(forged);
    const device = fixedDevice('a key of the attacker');
    enrol(forged, { id: 'per_ada', name: 'Ada', device });
    forged.checkpoint();
    const found = await verifyText(forged.export());
    const known = await verifyText(genuine.export());
    if (!found.ok || !known.ok) throw new Error('both logs are sound by themselves');
    const [anchor, genuineAnchor] = [found.established.anchors[0], known.established.anchors[0]];
    expect(anchor).toMatchObject({ name: 'Ada', credentialId: device.credentialId });
    expect(anchor?.credentialId).not.toBe(genuineAnchor?.credentialId);
    expect((await verifyText(forged.export(), { older: head })).ok).toBe(false);
  });
});
