import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { newSkey, openNote, parseVkey } from '../../../src/ledger/note.ts';
import { consistencyProof, inclusionProof, rangeHashOf } from '../../../src/ledger/proof.ts';
import { proveConsistency, proveInclusion, rootOfSize } from '../../../src/ledger/prove.ts';
import { readEntries } from '../../../src/ledger/store.ts';
import { leafHash } from '../../../src/ledger/tree.ts';
import { newCosignerKey, parseCosignerKey } from '../../../src/ledger/witness/cosignature.ts';
import { fill, openFixture, signerOf } from '../fixture.ts';
import { buildJudge, type Judge, NOT_RUN, type Task } from './judge.ts';

const LARGEST = 600;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const seeded = (byte: number) => (size: number) => new Uint8Array(size).fill(byte);
const skey = newSkey({ name: 'go.example/log', random: seeded(3) });
const { sign: signNote, vkey } = signerOf('localhost:8420/default');

const texts = Array.from({ length: LARGEST }, (_, index) => `{"seq":${index},"text":"Zürich ${index}"}`);
const range = rangeHashOf(texts.map(leafHash));

function treeOf({
  size,
  index,
  first,
}: {
  size: number;
  index: number;
  first: number;
}): Task['trees'][number] {
  return {
    size,
    root: base64(range(0, size)),
    inclusion: [{ index, proof: inclusionProof(range, { index, size }).map(base64) }],
    consistency: [{ first, proof: consistencyProof(range, { first, size }).map(base64) }],
  };
}

function someTrees(): Task['trees'] {
  const [draws] = fc.sample(
    fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: LARGEST, maxLength: LARGEST }),
    1,
  );
  return (draws ?? []).map(([index, first], at) => {
    const size = at + 1;
    return treeOf({ size, index: index % size, first: 1 + (first % size) });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-go-'));
const built: { judge?: Judge | undefined } = {};

beforeAll(() => {
  built.judge = buildJudge(folder);
  if (built.judge === undefined) console.warn(NOT_RUN);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function judgeOr(context: TestContext): Judge {
  return built.judge ?? context.skip(NOT_RUN);
}

describe("Go's sumdb, which shares no code with this project,", () => {
  it('finds our roots, inclusion proofs and consistency proofs of trees of 1 to 600 leaves to be its own', (context) => {
    const found = judgeOr(context)({ leaves: texts, trees: someTrees() });
    expect(found.Problems).toEqual([]);
    expect(found.Checked).toEqual({
      roots: LARGEST,
      inclusion: LARGEST,
      consistency: LARGEST,
      tree: LARGEST,
    });
  });

  it('finds what a stored ledger proves from its tiles to be its own', async (context) => {
    const judge = judgeOr(context);
    const { database, ledger, signer } = await openFixture();
    await fill(ledger, LARGEST);
    const note = await ledger.checkpointNow();
    const rows = await readEntries(database, { from: 0, limit: LARGEST });
    const sizes = [1, 2, 255, 256, 257, 511, 512, 513, LARGEST];
    const trees = sizes.map(async (size) => ({
      size,
      root: base64(await rootOfSize(database, size)),
      inclusion: await Promise.all(
        [0, size >> 1, size - 1].map(async (index) => ({
          index,
          proof: (await proveInclusion(database, { index, size })).map(base64),
        })),
      ),
      consistency: await Promise.all(
        sizes
          .filter((first) => first <= size)
          .map(async (first) => ({
            first,
            proof: (await proveConsistency(database, { first, size })).map(base64),
          })),
      ),
    }));
    const leaves = rows.map((row) => row.text);
    const notes = [{ vkey: signer.vkey, note }];
    const found = judge({ leaves, notes, trees: await Promise.all(trees) });
    expect(found.Problems).toEqual([]);
    expect(found.Checked).toEqual({ note: 1, tree: 9, roots: 9, inclusion: 27, consistency: 45 });
  });

  it('opens our notes under our verifier key, and we open the notes that it signs', (context) => {
    const checkpoint = {
      origin: 'localhost:8420/default',
      size: 9,
      root: Buffer.from(range(0, 9)).toString('hex'),
    };
    const notes = ['one line\n', 'two\n\nparagraphs\n', formatCheckpoint(checkpoint)].map((text) => ({
      vkey,
      note: signNote(text),
    }));
    const text = 'Signed in Go.\n\n— with a dash\n';
    const found = judgeOr(context)({ skey, notes, text });
    expect(found.Problems).toEqual([]);
    expect(found.Checked).toEqual({ note: 3 });
    const goVkey = signerOf('go.example/log', 3).vkey;
    const verifier = parseVkey(goVkey);
    expect(verifier && openNote(found.Note, verifier)).toEqual({ ok: true, text });
  });

  it('accepts our cosignature beside the signature of the log, under a verifier made for that type', (context) => {
    const witness = parseCosignerKey(newCosignerKey({ name: 'witness.example/w1', random: seeded(5) }));
    const text = formatCheckpoint({ origin: 'localhost:8420/default', size: 1, root: '00'.repeat(32) });
    const line = witness?.cosign({ text, atMs: 1_679_315_147_999 }) ?? '';
    const one = { logVkey: vkey, witnessVkey: witness?.vkey ?? '', time: 1_679_315_147 };
    const found = judgeOr(context)({ cosigns: [{ ...one, note: signNote(text) + line }] });
    expect(found).toMatchObject({ Problems: [], Checked: { cosigned: 1 } });
  });

  it('refuses what is wrong, so that its silence means something', (context) => {
    const good = treeOf({ size: 9, index: 4, first: 5 });
    const [other] = treeOf({ size: 9, index: 3, first: 5 }).inclusion;
    const trees = [
      { ...good, root: base64(range(0, 8)) },
      { ...good, inclusion: [{ index: 4, proof: other?.proof ?? [] }] },
      { ...good, consistency: [{ first: 5, proof: good.consistency[0]?.proof.toReversed() ?? [] }] },
    ];
    const notes = [{ vkey, note: signNote('one\n').replace('one', 'two') }];
    const found = judgeOr(context)({ leaves: texts, trees, notes });
    expect(found.Problems).toEqual([
      expect.stringMatching(/^note 0: /),
      expect.stringMatching(/^tree of 9: the root is /),
      expect.stringMatching(/^tree of 9: inclusion of 4: /),
      expect.stringMatching(/^tree of 9: consistency from 5: /),
    ]);
  });
});
