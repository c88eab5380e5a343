import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commitment } from '../../src/core/digest.ts';
import { systemRandomBytes } from '../../src/core/ids.ts';
import { openPayload, sealPayload } from '../../src/ledger/payload.ts';
import { eraseSidecars } from '../../src/ledger/redact/erase.ts';
import { insertPayload, readPayload } from '../../src/ledger/store.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { draft, openFixture } from './fixture.ts';

const key = new Uint8Array(32).fill(3);
const COMMIT = 'ab'.repeat(32);

describe('a sealed payload', () => {
  it('opens to its text with key and commitment', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const ciphertext = sealPayload({ key, random: systemRandomBytes }, { commitment: COMMIT, text });
        expect(openPayload(key, { commitment: COMMIT, ciphertext })).toBe(text);
      }),
    );
  });

  it('does not open when anything of it was changed, moved or cut', () => {
    const ciphertext = sealPayload(
      { key, random: systemRandomBytes },
      { commitment: COMMIT, text: '{"amount":900}' },
    );
    const bytes = Buffer.from(ciphertext, 'base64');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(
        openPayload(key, { commitment: COMMIT, ciphertext: changed.toString('base64') }),
      ).toBeUndefined();
    }
    expect(openPayload(key, { commitment: 'cd'.repeat(32), ciphertext })).toBeUndefined();
    expect(openPayload(new Uint8Array(32), { commitment: COMMIT, ciphertext })).toBeUndefined();
    expect(openPayload(key, { commitment: COMMIT, ciphertext: ciphertext.slice(0, 20) })).toBeUndefined();
    expect(openPayload(key, { commitment: COMMIT, ciphertext: '' })).toBeUndefined();
  });

  it('can be erased, and the ledger still verifies', async () => {
    const { ledger, database, signer } = await openFixture();
    const salt = systemRandomBytes(32);
    const text = '{"amount":900}';
    const commit = commitment(salt, text);
    const stored = {
      id: 'req_1',
      workspace: 'default',
      commitment: commit,
      salt: Buffer.from(salt).toString('hex'),
      ciphertext: sealPayload({ key, random: systemRandomBytes }, { commitment: commit, text }),
      subject: 'user-1',
      createdAt: 5,
    };
    await ledger.commit({
      then: [insertPayload(stored)],
      entries: [{ ...draft({ call: 'req_1' }), body: { args: commit } }],
    });
    expect(await readPayload(database, { workspace: 'default', id: 'req_1' })).toEqual(stored);
    const erase = () =>
      eraseSidecars({ database, ledger, workspace: 'default' }, ['req_1'], {
        reason: 'requested',
        principal: 'api_key:key_1',
      });
    expect(await erase()).toEqual(['req_1']);
    expect(await erase()).toEqual([]);
    expect(await readPayload(database, { workspace: 'default', id: 'req_1' })).toBeUndefined();
    expect(await verifyLedger(database, { vkey: signer.vkey })).toMatchObject({ ok: true, size: 2 });
  });
});
