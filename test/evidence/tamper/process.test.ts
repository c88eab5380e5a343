import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { importJWK, type JSONWebKeySet, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readKeyFile } from '../../../src/capabilities/keys/key-file.ts';
import { callDigest } from '../../../src/capabilities/verify/call-digest.ts';
import { verifyCapability } from '../../../src/capabilities/verify/verify-capability.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { plantHead, stolenKey, tamper } from './attacker.ts';
import type { Copy, Running } from './copy.ts';
import { ORACLE, playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

const ACTION = {
  action: 'refund.create',
  resource: 'payments:acme',
  actor: 'mallory',
  arguments: { cents: 1 },
};

/** A token that the gateway's own key signs and that nobody approved. */
async function mintedAlone(copy: Copy, running: Running): Promise<string> {
  const [key] = readKeyFile(join(copy.dataDir, 'capability.keys'));
  if (key === undefined) throw new Error('there is no capability key');
  const iat = Math.floor(systemClock() / 1_000);
  const { actor, resource, action } = ACTION;
  const call_sha256 = await callDigest(ACTION, '');
  const claims = {
    iss: running.origin,
    aud: resource,
    sub: actor,
    client_id: 'gateway',
    jti: 'tok_forged',
    txn: scene.ids.paid,
    iat,
    nbf: iat,
    exp: iat + 120,
    authorization_details: [
      { type: 'countersign_action', locations: [resource], action, actor, call_sha256 },
    ],
    basis: 'decision',
    approvers: [`person:${scene.bob.id}`],
    ledger: { origin: 'localhost/default', index: 1 },
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
    .sign(await importJWK({ ...key.jwk, d: key.d }, 'ES256'));
}

const jwksOf = async (running: Running) =>
  (await (await fetch(`${running.origin}/.well-known/jwks.json`)).json()) as JSONWebKeySet;

describe('who owns the gateway’s process', () => {
  it('is not caught when it calls a server past the gate: the ledger says nothing, and only that server knows', async () => {
    const copy = scene.copy();
    const client = new Client({ name: 'mallory', version: '1' });
    const args = [ORACLE, join(copy.dir, 'received.jsonl')];
    await client.connect(new StdioClientTransport({ command: process.execPath, args }));
    onTestFinished(() => client.close());
    await client.callTool({ name: 'pay', arguments: { amount_cents: 1, to: 'mallory' } });
    expect(copy.received()).toHaveLength(1);
    expect(await copy.refusal(await copy.export(), { older: scene.kept })).toBe('');
  });

  it('is not caught by a downstream when it makes a token for what nobody approved, which no entry tells of', async () => {
    const copy = scene.copy();
    const running = await copy.start();
    const token = await mintedAlone(copy, running);
    const jwks = await jwksOf(running);
    const { origin: issuer } = running;
    const audience = ACTION.resource;
    const verified = await verifyCapability(token, { issuer, jwks, audience, call: ACTION });
    expect(verified).toMatchObject({ jti: 'tok_forged', basis: 'decision' });
    const other = { ...ACTION, actor: 'other' };
    await expect(verifyCapability(token, { issuer, jwks, audience, call: other })).rejects.toThrow();
    const text = await running.export();
    expect(await copy.refusal(text)).toBe('');
    expect(text).not.toContain('tok_forged');
  });

  it('whose code is still ours is asked about such a token, and does not know it', async () => {
    const copy = scene.copy();
    const running = await copy.start();
    const response = await fetch(`${running.origin}/oauth/introspect`, {
      method: 'POST',
      headers: { authorization: `Bearer ${scene.requesterKey}` },
      body: new URLSearchParams({ token: await mintedAlone(copy, running) }),
    });
    expect(await response.json()).toEqual({ active: false });
  });

  it('is caught when it records an approval that no passkey signed, with every key that it has', async () => {
    const copy = scene.copy();
    const { pending } = scene.ids;
    const note = tamper(copy, (attacker) => {
      const asked = attacker.entry('approval.requested', pending);
      const { action, aud } = asked.body;
      const expires_at = Date.now() + 300_000;
      const ref = { approval: pending, subject: asked.ref.subject ?? '' };
      const capability = 'cap_forged';
      attacker.append({ type: 'approval.approved', ref, body: { basis: 'policy', expires_at } });
      attacker.append({
        type: 'capability.issued',
        ref,
        body: {
          capability,
          holder: 'gateway',
          aud: aud ?? '',
          action: action ?? '',
          basis: 'policy',
          dpop: false,
          expires_at,
        },
      });
      return attacker.sign(stolenKey(copy));
    });
    plantHead(copy, note);
    expect(await copy.refusal(await copy.export(), { older: scene.kept })).toMatch(
      /\(approval\.approved\) by rule 4: policy did not allow it without a decision/,
    );
  });
});
