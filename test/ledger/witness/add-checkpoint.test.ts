import { describe, expect, it } from 'vitest';
import { formatCheckpoint } from '../../../src/ledger/checkpoint.ts';
import { type NoteVerifier, parseVkey } from '../../../src/ledger/note.ts';
import {
  formatAddCheckpoint,
  type HeldCheckpoint,
  type Judgement,
  judgeAddCheckpoint,
  parseAddCheckpoint,
} from '../../../src/ledger/witness/add-checkpoint.ts';
import { signerOf } from '../fixture.ts';
import { testLog } from './logs.ts';

const log = testLog();
const fork = testLog({ fork: 5 });
const verifier = parseVkey(log.vkey) as NoteVerifier;

function judge(
  body: string,
  held?: HeldCheckpoint,
  verifiers: readonly NoteVerifier[] = [verifier],
): Judgement {
  return judgeAddCheckpoint(body, { logs: new Map([[log.origin, verifiers]]), held: () => held });
}

function heldAt(size: number): HeldCheckpoint {
  return { size, root: log.root(size) };
}

describe('the body of add-checkpoint', () => {
  it('is written as the specification shows it', () => {
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const body = formatAddCheckpoint({ old: 20852014, proof: [first, second], note: log.note(9) });
    const lines = [first, second].map((hash) => Buffer.from(hash).toString('base64'));
    expect(body).toBe(`old 20852014\n${lines.join('\n')}\n\n${log.note(9)}`);
    expect(parseAddCheckpoint(body)).toEqual({
      old: 20852014,
      proof: [Buffer.from(first), Buffer.from(second)],
      note: log.note(9),
    });
  });

  it.each([
    ['no empty line', 'old 0\n', /empty line/],
    ['no old size', `\n\n${log.note(1)}`, /line 1/],
    ['a leading zero', `old 07\n\n${log.note(9)}`, /line 1/],
    ['a negative size', `old -1\n\n${log.note(9)}`, /line 1/],
    ['a size beyond what is exact', `old 9007199254740993\n\n${log.note(9)}`, /line 1/],
    ['a hash that is too short', `old 1\nAAAA\n\n${log.note(9)}`, /line 2/],
    ['a hash in another base64', `old 1\n${'_'.repeat(43)}=\n\n${log.note(9)}`, /line 2/],
    ['64 lines of proof', `old 1\n${`${'A'.repeat(43)}=\n`.repeat(64)}\n${log.note(9)}`, /at most 63/],
  ])('is refused with %s', (_, body, problem) => {
    expect(parseAddCheckpoint(body)).toMatch(problem);
    expect(judge(body)).toMatchObject({ status: 400 });
  });

  it('may have 63 lines of proof', () => {
    const body = `old 1\n${`${'A'.repeat(43)}=\n`.repeat(63)}\n${log.note(9)}`;
    expect(judge(body, heldAt(1))).toMatchObject({ status: 422 });
  });
});

describe('a witness that never saw a log', () => {
  it('takes its first checkpoint without a proof', () => {
    expect(judge(log.body(0, 9))).toMatchObject({ status: 200, checkpoint: { size: 9, root: log.root(9) } });
  });

  it('takes the empty tree, whose root can only be one', () => {
    expect(judge(log.body(0, 0))).toMatchObject({ status: 200 });
    const text = formatCheckpoint({ origin: log.origin, size: 0, root: log.root(1) });
    const body = formatAddCheckpoint({ old: 0, proof: [], note: signerOf(log.origin).sign(text) });
    expect(judge(body)).toMatchObject({ status: 422 });
  });

  it('refuses a proof of nothing', () => {
    const body = formatAddCheckpoint({ old: 0, proof: log.proof(4, 9), note: log.note(9) });
    expect(judge(body)).toMatchObject({ status: 422 });
  });

  it('answers whoever thinks that it has seen something with size 0', () => {
    expect(judge(log.body(4, 9))).toEqual({ status: 409, heldSize: 0 });
  });
});

describe('a witness that holds a checkpoint', () => {
  it('takes every extension of it with the right proof', () => {
    for (let old = 1; old <= 20; old++) {
      for (let size = old; size <= 20; size++) {
        expect(judge(log.body(old, size), heldAt(old))).toMatchObject({ status: 200, checkpoint: { size } });
      }
    }
  });

  it('takes no fork of it, whatever proof comes with it', () => {
    for (let size = 8; size <= 20; size++) {
      const note = fork.note(size);
      for (const proof of [[], log.proof(8, size), fork.proof(8, size)]) {
        const found = judge(formatAddCheckpoint({ old: 8, proof, note }), heldAt(8));
        expect(found).toMatchObject({ status: 422 });
      }
    }
  });

  it('takes no older size, and says which it holds', () => {
    expect(judge(log.body(4, 6), heldAt(8))).toEqual({ status: 409, heldSize: 8 });
    expect(judge(log.body(0, 12), heldAt(8))).toEqual({ status: 409, heldSize: 8 });
    expect(judge(log.body(8, 6), heldAt(8))).toMatchObject({ status: 400 });
  });

  it('takes the same checkpoint again, without a proof only', () => {
    expect(judge(log.body(8, 8), heldAt(8))).toMatchObject({ status: 200 });
    const body = formatAddCheckpoint({ old: 8, proof: log.proof(4, 8), note: log.note(8) });
    expect(judge(body, heldAt(8))).toMatchObject({ status: 422 });
  });

  it('refuses a proof with a hash too many, too few or changed', () => {
    const proof = log.proof(5, 12);
    const bad = [
      proof.slice(1),
      proof.slice(0, -1),
      [...proof, log.proof(1, 2)[0] as Uint8Array],
      proof.toReversed(),
    ];
    for (const one of bad) {
      const body = formatAddCheckpoint({ old: 5, proof: one, note: log.note(12) });
      expect(judge(body, heldAt(5))).toMatchObject({ status: 422 });
    }
  });
});

describe('the signature of the log', () => {
  it('must be by a key that is trusted for that log', () => {
    const stranger = testLog({ key: 8 });
    expect(judge(stranger.body(0, 9))).toMatchObject({ status: 403 });
    expect(judge(testLog({ origin: 'log.example/b' }).body(0, 9))).toMatchObject({ status: 404 });
  });

  it('must be right where a line names a trusted key, even beside a right one of another', () => {
    const next = signerOf(log.origin, 11);
    const trusted = [verifier, parseVkey(next.vkey) as NoteVerifier];
    const text = log.note(9).slice(0, log.note(9).indexOf('\n\n') + 1);
    const good = next.sign(text).slice(text.length + 1);
    const bad = next.sign(`${text}x\n`).slice(text.length + 3);
    const body = (lines: string) => formatAddCheckpoint({ old: 0, proof: [], note: log.note(9) + lines });
    expect(judge(body(good), undefined, trusted)).toMatchObject({ status: 200 });
    expect(judge(body(bad), undefined, trusted)).toMatchObject({ status: 403 });
    expect(judge(body(bad))).toMatchObject({ status: 200 });
  });

  it('is enough by one of the keys of a log, as while it changes them', () => {
    const next = parseVkey(signerOf(log.origin, 11).vkey) as NoteVerifier;
    expect(judge(log.body(0, 9), undefined, [next, verifier])).toMatchObject({ status: 200 });
    expect(judge(log.body(0, 9), undefined, [next])).toMatchObject({ status: 403 });
  });

  it('does not make a checkpoint of what is none', () => {
    const note = signerOf(log.origin).sign(`${log.origin}\nnine\nroot\n`);
    expect(judge(formatAddCheckpoint({ old: 0, proof: [], note }))).toMatchObject({ status: 400 });
    expect(judge(`old 0\n\n${log.origin}\n9\n`)).toMatchObject({ status: 400 });
    expect(judge('old 0\n\n')).toMatchObject({ status: 404 });
  });
});
