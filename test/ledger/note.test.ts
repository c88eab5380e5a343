import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatCheckpoint, parseCheckpoint } from '../../src/ledger/checkpoint.ts';
import {
  type NoteSigner,
  type NoteVerifier,
  newSkey,
  openNote,
  parseSkey,
  parseVkey,
} from '../../src/ledger/note.ts';
import { signerOf } from './fixture.ts';
import vectors from './vectors/note.json' with { type: 'json' };

const peter = parseVkey(vectors.vkey) as NoteVerifier;

describe('signed notes', () => {
  it('are signed byte for byte as the reference implementation signs them', () => {
    const signer = parseSkey(vectors.skey) as NoteSigner;
    expect(signer.vkey).toBe(vectors.vkey);
    expect(signer.sign(vectors.text)).toBe(vectors.note);
  });

  it('open to their text for the verifier of their key', () => {
    expect(openNote(vectors.note, peter)).toEqual({ ok: true, text: vectors.text });
  });

  it('open when others have signed them too', () => {
    const other = signerOf('witness.example')
      .sign(vectors.text)
      .slice(vectors.text.length + 1);
    expect(openNote(vectors.note + other, peter).ok).toBe(true);
    expect(
      openNote(`${vectors.text}\n${other}${vectors.note.slice(vectors.text.length + 1)}`, peter).ok,
    ).toBe(true);
  });

  it('open by the first signature of their key, as the reference implementation does', () => {
    const line = vectors.note.slice(vectors.text.length + 1);
    const wrong = line.replace('x08go/ZJ', 'x08go/ZK');
    expect(openNote(vectors.note + wrong, peter).ok).toBe(true);
    expect(openNote(`${vectors.text}\n${wrong}${line}`, peter).ok).toBe(false);
  });

  it.each([
    [
      'a changed text',
      vectors.note.replace('problem is', 'problem was'),
      /signature by PeterNeumann is wrong/,
    ],
    [
      'a changed signature',
      vectors.note.replace('x08go/ZJ', 'x08go/ZK'),
      /signature by PeterNeumann is wrong/,
    ],
    ['another key', signerOf('PeterNeumann').sign(vectors.text), /not signed by PeterNeumann\+c74f20a3/],
    ['no signature', vectors.text, /no signature block/],
    ['a missing last newline', vectors.note.slice(0, -1), /no signature block/],
    ['a signature line that is not one', `${vectors.note}hello\n`, /malformed/],
    ['a control character', vectors.note.replace('If', '\u0007If'), /control characters/],
    ['too many signatures', vectors.note + '— a AAAAAAAA\n'.repeat(100), /more than 100/],
  ])('do not open with %s', (_, note, reason) => {
    const opened = openNote(note, peter);
    expect(opened).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
  });

  it.each([
    ['another id', vectors.vkey.replace('c74f20a3', 'c74f20a4')],
    ['another name', vectors.vkey.replace('Peter', 'Petra')],
    ['a shorter key', vectors.vkey.slice(0, -4)],
    ['another algorithm', vectors.vkey.replace('+ARpc', '+AhpC')],
    ['white space', ` ${vectors.vkey}`],
  ])('have no verifier for a key with %s', (_, vkey) => {
    expect(parseVkey(vkey)).toBeUndefined();
  });

  it('have keys whose secret form is refused when it was damaged', () => {
    expect(parseSkey(vectors.skey.replace('AYEK', 'AYEL'))).toBeUndefined();
    expect(parseSkey(vectors.vkey)).toBeUndefined();
    expect(() => newSkey({ name: 'a b', random: (size) => new Uint8Array(size) })).toThrow(/white space/);
  });

  it('carry signatures that OpenSSL accepts, where it is installed', () => {
    if (spawnSync('openssl', ['version']).status !== 0)
      return console.info('openssl is not installed: not compared with it');
    const folder = mkdtempSync(join(tmpdir(), 'countersign-note-'));
    const key = Buffer.from(vectors.vkey.split('+').slice(2).join('+'), 'base64').subarray(1);
    const line = vectors.note
      .slice(vectors.text.length + 1)
      .trim()
      .split(' ')[2] as string;
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]).toString('base64');
    writeFileSync(join(folder, 'key.pem'), `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`);
    writeFileSync(join(folder, 'text'), vectors.text);
    writeFileSync(join(folder, 'signature'), Buffer.from(line, 'base64').subarray(4));
    const options = [
      '-verify',
      '-pubin',
      '-inkey',
      'key.pem',
      '-rawin',
      '-in',
      'text',
      '-sigfile',
      'signature',
    ];
    const checked = spawnSync('openssl', ['pkeyutl', ...options], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect(checked.stdout).toContain('Verified Successfully');
  });
});

describe('checkpoints', () => {
  const root = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328';
  const text = 'localhost/default\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n';

  it('are written as origin, size and root', () => {
    expect(formatCheckpoint({ origin: 'localhost/default', size: 8, root })).toBe(text);
  });

  it('are read back, with lines of extensions ignored', () => {
    const checkpoint = { origin: 'localhost/default', size: 8, root };
    expect(parseCheckpoint(text)).toEqual(checkpoint);
    expect(parseCheckpoint(`${text}extension\n`)).toEqual(checkpoint);
  });

  it.each([
    '',
    '\n8\n',
    text.replace('8', '08'),
    text.replace('8', '-1'),
    text.replace('Xcna', 'Xcn'),
    text.slice(0, -1),
  ])('are refused when they are malformed: %j', (bad) => {
    expect(parseCheckpoint(bad)).toBeUndefined();
  });
});
