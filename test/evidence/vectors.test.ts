import { createHash, createHmac, createPublicKey, verify } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyIndependently } from './independent/verify.ts';
import { makeVectors } from './support/vectors.ts';
import { refusal } from './support/verify.ts';

const FOLDER = join(import.meta.dirname, 'vectors');
const made = makeVectors();

if (process.env.UPDATE_VECTORS === '1') {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(made)) writeFileSync(join(FOLDER, name), text);
}

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const parts = JSON.parse(read('parts.json'));
const sha256 = (...data: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of data) hash.update(part);
  return hash.digest();
};

describe('the committed vectors', () => {
  it.each(Object.keys(made))('%s is what the fixture writes, byte for byte', (name) => {
    expect(read(name)).toBe(made[name]);
  });

  it.each(['small-export.ndjson', 'every-type-export.ndjson'])('%s verifies twice', async (name) => {
    expect(await refusal(read(name))).toBe('');
    expect(verifyIndependently(read(name), parts.checkpoint.vkey)).toMatchObject({ ok: true });
  });

  it('are what the format says, computed from its words alone', () => {
    const { commitment, leaf, node, invite, decision, act } = parts;
    const mac = createHmac('sha256', Buffer.from(commitment.salt_hex, 'hex'));
    expect(mac.update(`countersign/commit/v1\n${commitment.text}`).digest('hex')).toBe(commitment.commitment);
    const leafOf = (entry: string): Buffer => sha256(Uint8Array.of(0), entry);
    expect(leafOf(leaf.entry).toString('hex')).toBe(leaf.leaf_hex);
    expect(sha256(Uint8Array.of(1), leafOf(node.left), leafOf(node.right)).toString('hex')).toBe(
      node.node_hex,
    );
    expect(sha256(invite.invite_proof).toString('hex')).toBe(invite.token);
    for (const { statement, challenge_hex, client_data } of [decision, act]) {
      const challenge = sha256(`countersign/statement/v1\n${statement}`);
      expect(challenge.toString('hex')).toBe(challenge_hex);
      expect(JSON.parse(client_data).challenge).toBe(challenge.toString('base64url'));
    }
  });

  it('hold a token whose signature and call are right', () => {
    const { jwk, jws, call } = parts.capability_token;
    const [head = '', body = '', signature = ''] = jws.split('.');
    const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
    expect(verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url'))).toBe(
      true,
    );
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    expect(claims.authorization_details[0].call_sha256).toBe(sha256(call).toString('hex'));
  });
});
