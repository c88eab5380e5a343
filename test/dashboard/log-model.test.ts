import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactTime,
  exportAddress,
  logAddress,
  minuteOf,
  readLogChoice,
  withField,
} from '../../src/dashboard/browser/model/log-choice.ts';
import { keyInForce, openCheckpoint } from '../../src/dashboard/browser/model/log-key.ts';
import { readMemory, writeMemory } from '../../src/dashboard/browser/model/log-memory.ts';
import { entryNotes, FOLLOWED, verdictIn, withNewer } from '../../src/dashboard/browser/model/log-pages.ts';
import { isPrefix, leafHash, rootOfPath } from '../../src/dashboard/browser/model/merkle.ts';
import { verifyGrowth, verifyInclusion } from '../../src/dashboard/browser/model/verify-log.ts';
import { formatCheckpoint } from '../../src/ledger/checkpoint.ts';
import { rotationText } from '../../src/ledger/key-chain.ts';
import type { KeySigner } from '../../src/ledger/note.ts';
import { consistencyProof, inclusionProof, rangeHashOf } from '../../src/ledger/proof.ts';
import { leafHash as leafOnServer } from '../../src/ledger/tree.ts';
import type { LogEntry } from '../../src/sdk/log-entry.ts';
import { signerOf } from '../ledger/fixture.ts';

const text = (seq: number): string => `{"seq":${seq},"type":"call.intent"}`;
const treeOf = (size: number) => rangeHashOf(Array.from({ length: size }, (_, at) => leafOnServer(text(at))));
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const sizes = fc.integer({ min: 1, max: 70 });

function provenBy(signer: ReturnType<typeof signerOf>, at: { seq: number; size: number }) {
  const range = treeOf(at.size);
  const root = Buffer.from(range(0, at.size)).toString('hex');
  return {
    seq: at.seq,
    size: at.size,
    entry: text(at.seq),
    leaf: base64(leafOnServer(text(at.seq))),
    proof: inclusionProof(range, { index: at.seq, size: at.size }).map(base64),
    checkpoint: signer.sign(formatCheckpoint({ origin: signer.name, size: at.size, root })),
  };
}

describe('the tree as the page computes it', () => {
  it('leads from every entry to the root that the ledger computes, and by no other path', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (size, any) => {
        const index = any % size;
        const range = treeOf(size);
        const proof = inclusionProof(range, { index, size });
        const leaf = await leafHash(text(index));
        expect(await rootOfPath({ index, size, leaf, proof })).toEqual(new Uint8Array(range(0, size)));
        expect(await rootOfPath({ index, size, leaf, proof: [...proof, leaf] })).toBeUndefined();
        expect(await rootOfPath({ index: size, size, leaf, proof })).toBeUndefined();
        if (size > 1) expect(await rootOfPath({ index, size, leaf, proof: proof.slice(1) })).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('knows a beginning of the log from anything else', async () => {
    await fc.assert(
      fc.asyncProperty(sizes, sizes, async (one, other) => {
        const [first, size] = [Math.min(one, other), Math.max(one, other)];
        const range = treeOf(size);
        const older = { size: first, root: new Uint8Array(range(0, first)) };
        const newer = { size, root: new Uint8Array(range(0, size)) };
        const proof = consistencyProof(range, { first, size });
        expect(await isPrefix({ older, newer, proof })).toBe(true);
        const forged = { ...older, root: new Uint8Array(32).fill(9) };
        expect(await isPrefix({ older: forged, newer, proof })).toBe(false);
        expect(await isPrefix({ older: newer, newer: older, proof })).toBe(first === size);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the proof of an entry', () => {
  const signer = signerOf();

  it('holds for what the log has signed', async () => {
    const { entry, head } = await verifyInclusion(provenBy(signer, { seq: 4, size: 11 }), signer.vkey);
    expect(entry).toEqual({ seq: 4, type: 'call.intent' });
    expect(head).toMatchObject({ origin: signer.name, size: 11, keyId: signer.vkey.split('+')[1] });
  });

  it.each([
    ['another text', { entry: text(5) }, 'does not lead from entry 4'],
    ['another place', { seq: 5 }, 'does not lead from entry 5'],
    ['another size', { size: 12 }, 'of size 11, not 12'],
    ['no checkpoint', { checkpoint: null }, 'No checkpoint of size 11'],
    ['an unsigned checkpoint', { checkpoint: 'x\n11\ny\n' }, 'has no signature'],
  ])('does not hold for %s', async (_, change, problem) => {
    const given = { ...provenBy(signer, { seq: 4, size: 11 }), ...change };
    await expect(verifyInclusion(given, signer.vkey)).rejects.toThrow(problem);
  });

  it('does not hold when another key has signed, also one of the same name', async () => {
    const given = provenBy(signerOf(signer.name, 9), { seq: 4, size: 11 });
    await expect(verifyInclusion(given, signer.vkey)).rejects.toThrow('is not signed with the log’s key');
  });

  it('does not hold when what was signed was changed afterwards', async () => {
    const { checkpoint } = provenBy(signer, { seq: 4, size: 11 });
    const changed = checkpoint.replace('\n11\n', '\n12\n');
    await expect(openCheckpoint(changed, signer.vkey)).rejects.toThrow(
      'signature of the checkpoint is wrong',
    );
    const other = `${signer.vkey.slice(0, -2)}AA`;
    await expect(openCheckpoint(checkpoint, other)).rejects.toThrow('does not fit the key');
    await expect(openCheckpoint(checkpoint, 'x')).rejects.toThrow('not a verifier key');
  });

  it('of growth names how much this browser has seen when the log does not continue it', async () => {
    const range = treeOf(9);
    const newer = { size: 9, root: new Uint8Array(range(0, 9)) };
    const proof = consistencyProof(range, { first: 4, size: 9 }).map(base64);
    const given = { first: 4, size: 9, proof, checkpoint: null };
    const older = { size: 4, root: new Uint8Array(range(0, 4)) };
    await expect(verifyGrowth(given, { older, newer })).resolves.toBeUndefined();
    const other = { size: 4, root: new Uint8Array(32) };
    await expect(verifyGrowth(given, { older: other, newer })).rejects.toThrow('with the 4 entries');
  });
});

describe('the key of the log', () => {
  const [first, second, third] = [7, 8, 9].map((byte) => signerOf('log', byte)) as [
    KeySigner,
    KeySigner,
    KeySigner,
  ];
  const handover = (from: KeySigner, to: KeySigner) => ({
    vkey: to.vkey,
    previous: from.vkey,
    signature: base64(from.signature(rotationText(to.vkey))),
  });

  it('is the last to which each before it has handed over', async () => {
    expect(await keyInForce([{ vkey: first.vkey }])).toBe(first.vkey);
    const rotations = [handover(first, second), handover(second, third)];
    expect(await keyInForce([{ vkey: first.vkey }, ...rotations])).toBe(third.vkey);
  });

  it('is none where a change is signed by another, of another log, or out of order', async () => {
    const keyAfter = (change: object) => keyInForce([{ vkey: first.vkey }, change]);
    const forged = { ...handover(third, second), previous: first.vkey };
    await expect(keyAfter(forged)).rejects.toThrow('is not signed by the key before it');
    await expect(keyAfter(handover(second, third))).rejects.toThrow('does not follow the key before it');
    const elsewhere = signerOf('elsewhere', 8) as KeySigner;
    await expect(keyAfter(handover(first, elsewhere))).rejects.toThrow('to another log');
    await expect(keyInForce([])).rejects.toThrow('is not there');
  });
});

it('what the browser remembers of the log survives writing, and anything else counts as nothing', () => {
  const seen = { key: 'k', size: 3, root: new Uint8Array(32).fill(255), at: '2026-01-01T00:00:00.000Z' };
  const kept = writeMemory(seen);
  expect(readMemory(kept)).toEqual({ ...seen, root: base64(seen.root) });
  const wrong = [null, '', '{', '[]', '3', kept.replace('"size":3', '"size":"3"'), kept.replace('/', '!')];
  for (const one of wrong) expect(readMemory(one)).toBeUndefined();
});

it('a choice of the log survives its address, and what an address cannot mean is left out', () => {
  const choice = { text: 'pay & go', verdict: 'hold', since: '24h' };
  expect(readLogChoice(new URL(logAddress(choice), 'http://x').search)).toEqual(choice);
  expect(readLogChoice('?nonsense=1&type=&text=%20')).toEqual({});
  expect(logAddress({})).toBe('/logs');
  expect(withField(choice, 'text', undefined)).toEqual({ verdict: 'hold', since: '24h' });
  expect(withField({}, 'tool', 'pay')).toEqual({ tool: 'pay' });
  expect(exportAddress({ tool: 'pay' }, 'csv')).toBe('/v1/logs/export?format=csv&tool=pay');
  expect(exportAddress({ tool: 'pay' }, 'evidence')).toBe('/v1/logs/export');
});

it('exact times are filled in and asked for in UTC, to the minute', () => {
  expect(minuteOf('2026-01-31T10:30:59+01:00')).toBe('2026-01-31T09:30');
  expect([minuteOf('24h'), minuteOf(undefined), exactTime('')]).toEqual(['', '', undefined]);
  expect(exactTime('2026-01-31T09:30')).toBe('2026-01-31T09:30:00Z');
});

it('while it follows, the list takes each entry once and forgets the oldest', () => {
  const entry = (seq: number) => ({ seq }) as LogEntry;
  let entries: readonly LogEntry[] = [];
  for (let seq = 0; seq < FOLLOWED + 50; seq++) entries = withNewer(entries, entry(seq));
  expect(entries).toHaveLength(FOLLOWED);
  expect(entries[0]?.seq).toBe(FOLLOWED + 49);
  expect(withNewer(entries, entry(FOLLOWED + 49))).toBe(entries);
});

it('an entry tells its verdict and the little that one must know of it', () => {
  expect(verdictIn({ type: 'call.denied', body: {} })).toBe('deny');
  expect(verdictIn({ type: 'approval.requested', body: { effect: 'hold' } })).toBe('hold');
  expect(verdictIn({ type: 'approval.denied', body: { effect: 'hold' } })).toBeUndefined();
  expect(entryNotes({ body: { state: 'failed', reason: 'why', attempt: 1 } })).toEqual(['failed', 'why']);
});
