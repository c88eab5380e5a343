import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseVkey } from '../../../src/ledger/note.ts';
import {
  type Cosigner,
  findCosignature,
  newCosignerKey,
  parseCosignerKey,
  parseWitnessVkey,
  type WitnessVerifier,
} from '../../../src/ledger/witness/cosignature.ts';
import { signerOf } from '../fixture.ts';
import vectors from '../vectors/cosignature.json' with { type: 'json' };

const verifier = parseWitnessVkey(vectors.vkey) as WitnessVerifier;
const { text } = vectors;

function cosignerOf(name: string, byte = 9): Cosigner {
  const skey = newCosignerKey({ name, random: (size) => new Uint8Array(size).fill(byte) });
  return parseCosignerKey(skey) as Cosigner;
}

/** The line with one byte of its payload (key id, time, signature) changed. */
function damaged(at: number): string {
  const [dash, name, payload = ''] = vectors.line.split(' ');
  const bytes = Buffer.from(payload, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return `${dash} ${name} ${bytes.toString('base64')}`;
}

describe('a cosignature', () => {
  it('is made byte for byte as the committed vector has it', () => {
    const cosigner = parseCosignerKey(vectors.skey) as Cosigner;
    expect(cosigner.vkey).toBe(vectors.vkey);
    expect(cosigner.cosign({ text, atMs: vectors.time * 1_000 + 999 })).toBe(`${vectors.line}\n`);
  });

  it('is key id, big-endian time and an Ed25519 signature over header, time and checkpoint', () => {
    const bytes = Buffer.from(vectors.line.split(' ')[2] ?? '', 'base64');
    expect(bytes).toHaveLength(4 + 8 + 64);
    expect(bytes.subarray(0, 4).toString('hex')).toBe(vectors.vkey.split('+')[1]);
    expect(bytes.readBigUInt64BE(4)).toBe(BigInt(vectors.time));
    const x = Buffer.from(vectors.vkey.split('+').slice(2).join('+'), 'base64');
    expect(x[0]).toBe(4);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: x.subarray(1).toString('base64url') };
    const message = `cosignature/v1\ntime ${vectors.time}\n${text}`;
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    expect(verify(null, Buffer.from(message), key, bytes.subarray(12))).toBe(true);
  });

  it('is found among those of others, with its time', () => {
    const other = cosignerOf('other.example/w', 8).cosign({ text, atMs: 1 });
    expect(findCosignature({ text, lines: `${other}${vectors.line}\n` }, verifier)).toEqual({
      line: vectors.line,
      cosignedAt: vectors.time * 1_000,
    });
  });

  it.each([
    ['a changed time', damaged(11), /wrong/],
    ['a changed signature', damaged(40), /wrong/],
    ['another key id', damaged(0), /not signed by witness.example/],
    ['another name', vectors.line.replace('w1', 'w2'), /not signed by/],
    [
      'a note signature by the same name',
      signerOf('witness.example/w1').sign(text).split('\n').at(-2) ?? '',
      /not signed/,
    ],
    ['an empty line before it', `\n${vectors.line}`, /wrong/],
    ['words', 'cosigned', /malformed/],
  ])('does not count with %s', (_, line, reason) => {
    expect(findCosignature({ text, lines: `${line}\n` }, verifier)).toMatch(reason);
  });

  it('does not count for a text that the answer makes longer', () => {
    const cosigner = parseCosignerKey(vectors.skey) as Cosigner;
    const lines = `more\n\n${cosigner.cosign({ text: `${text}\nmore\n`, atMs: 1 })}`;
    expect(findCosignature({ text, lines }, verifier)).toMatch(/not signature lines alone/);
  });

  it('does not count for another checkpoint', () => {
    const lines = `${vectors.line}\n`;
    expect(findCosignature({ text: text.replace('\n8\n', '\n9\n'), lines }, verifier)).toMatch(/wrong/);
  });
});

describe("a witness's key", () => {
  it('is of a type of its own, so that the key of a log is none and it is no key of a log', () => {
    expect(parseWitnessVkey(signerOf('witness.example/w1').vkey)).toBeUndefined();
    expect(parseVkey(vectors.vkey)).toBeUndefined();
    expect(parseWitnessVkey(vectors.vkey)).toMatchObject({ name: 'witness.example/w1', vkey: vectors.vkey });
  });

  it.each([
    ['a changed id', vectors.vkey.replace(/\+(.)/, (_, digit: string) => `+${digit === '0' ? '1' : '0'}`)],
    ['a changed name', vectors.vkey.replace('w1', 'w2')],
    ['nothing in it', ''],
  ])('is refused with %s', (_, vkey) => {
    expect(parseWitnessVkey(vkey)).toBeUndefined();
    expect(parseCosignerKey(vkey)).toBeUndefined();
  });
});
