import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { genesisEntry } from '../../src/ledger/entry.ts';
import { extendKeyChain, type KeyChain, type KeyEntry, keyOfSize } from '../../src/ledger/key-chain.ts';
import { signRotation } from '../../src/ledger/log-key.ts';
import { type KeySigner, newSkey, parseSkey } from '../../src/ledger/note.ts';

const LOG = 'localhost/chain';

function keyOf(byte: number, name = LOG): KeySigner {
  return parseSkey(newSkey({ name, random: (size) => new Uint8Array(size).fill(byte) })) as KeySigner;
}

const [first, second, third] = [keyOf(1), keyOf(2), keyOf(3)];

const genesis: KeyEntry = { seq: 0, log: LOG, ...genesisEntry(first.vkey) };

function rotation(
  seq: number,
  { from, to, body }: { from: KeySigner; to: KeySigner; body?: JsonObject },
): KeyEntry {
  const signature = signRotation(from, to.vkey);
  const given = { vkey: to.vkey, previous: from.vkey, signature, overlap_until: 5, ...body };
  return { seq, log: LOG, type: 'ledger.key_rotated', body: given };
}

function chainOf(...entries: KeyEntry[]): KeyChain | string {
  return entries.reduce<KeyChain | string>(
    (chain, entry) => (typeof chain === 'string' ? chain : extendKeyChain(chain, entry)),
    [],
  );
}

describe('the chain of a log’s keys', () => {
  it('grows by rotations that the key in force has signed, and by nothing else', () => {
    const chain = chainOf(
      genesis,
      { seq: 1, log: LOG, type: 'key.created', body: { vkey: second.vkey } },
      rotation(4, { from: first, to: second }),
      rotation(9, { from: second, to: third }),
    );
    if (typeof chain === 'string') throw new Error(chain);
    expect(chain.map(({ vkey, fromSeq }) => [vkey, fromSeq])).toEqual([
      [first.vkey, 0],
      [second.vkey, 4],
      [third.vkey, 9],
    ]);
    const at = (size: number): string | undefined => keyOfSize(chain, size)?.vkey;
    expect([0, 1, 4].map(at)).toEqual([first.vkey, first.vkey, first.vkey]);
    expect([5, 9].map(at)).toEqual([second.vkey, second.vkey]);
    expect([10, 1_000].map(at)).toEqual([third.vkey, third.vkey]);
    expect(keyOfSize([], 3)).toBeUndefined();
  });

  it.each<[string, KeyEntry[], RegExp]>([
    ['a second genesis', [genesis, genesis], /one genesis/],
    ['a genesis that is not first', [{ ...genesis, seq: 3 }], /one genesis/],
    ['a genesis of another format', [{ ...genesis, body: { ...genesis.body, format: 'x' } }], /format/],
    [
      'a genesis without a key',
      [{ ...genesis, body: { format: 'countersign/ledger/v1' } }],
      /not a verifier key/,
    ],
    ['a genesis of another log', [{ ...genesis, log: 'localhost/other' }], /not of this log/],
    ['a rotation before genesis', [rotation(1, { from: first, to: second })], /no key is in force/],
    [
      'a rotation to a key of another log',
      [genesis, rotation(1, { from: first, to: keyOf(2, 'x') })],
      /not of this log/,
    ],
    ['a rotation by a stranger', [genesis, rotation(1, { from: third, to: second })], /previous key is not/],
    [
      'a rotation by a stranger in the name of the key in force',
      [genesis, rotation(1, { from: third, to: second, body: { previous: first.vkey } })],
      /not signed by/,
    ],
    [
      'a signature for another key',
      [genesis, rotation(1, { from: first, to: second, body: { vkey: third.vkey } })],
      /not signed by/,
    ],
    [
      'a signature that is not base64',
      [genesis, rotation(1, { from: first, to: second, body: { signature: '*' } })],
      /not signed by/,
    ],
    [
      'a rotation without an end',
      [genesis, rotation(1, { from: first, to: second, body: { overlap_until: 'x' } })],
      /overlap_until/,
    ],
    ['a rotation to itself', [genesis, rotation(1, { from: first, to: first })], /in force before/],
    [
      'a rotation by a key that has handed over',
      [genesis, rotation(1, { from: first, to: second }), rotation(2, { from: first, to: third })],
      /previous key is not/,
    ],
    [
      'a rotation back to an earlier key',
      [genesis, rotation(1, { from: first, to: second }), rotation(2, { from: second, to: first })],
      /in force before/,
    ],
  ])('refuses %s', (_, entries, reason) => {
    expect(chainOf(...entries)).toMatch(reason);
  });
});
