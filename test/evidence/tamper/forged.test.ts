import { verifyRegistrationResponse } from '@simplewebauthn/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalize as canonical } from '../../../src/core/canonical.ts';
import { sha256Hex, statementChallenge } from '../../../src/core/digest.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { softAuthenticator } from '../../principals/support/authenticator.ts';
import type { Approver } from '../../support/approver.ts';
import { type Attacker, tamper } from './attacker.ts';
import type { Copy, Running } from './copy.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

const TTL_MS = 300_000;

/** A passkey that nobody enrolled, as a row would hold it. */
async function strangerKey() {
  const device = softAuthenticator({ origin: 'http://localhost', rpId: 'localhost' });
  const challenge = Buffer.alloc(32, 1).toString('base64url');
  const verified = await verifyRegistrationResponse({
    response: device.create({ challenge }),
    expectedChallenge: challenge,
    expectedOrigin: 'http://localhost',
    expectedRPID: 'localhost',
  });
  const key = verified.registrationInfo?.credential.publicKey ?? new Uint8Array();
  return { device, publicKey: Buffer.from(key).toString('base64url') };
}

/** Copies a row of a table with some columns changed. */
function copyRow(
  attacker: Attacker,
  table: string,
  change: { where: string; set: Record<string, string | number> },
): void {
  const row = attacker.sql(`SELECT * FROM ${table} WHERE ${change.where}`)[0];
  const values = { ...row, ...change.set };
  const marks = Object.keys(values).map(() => '?');
  attacker.sql(
    `INSERT INTO ${table} (${Object.keys(values).join(', ')}) VALUES (${marks.join(', ')})`,
    ...Object.values(values),
  );
}

/** The rows that say that the pending call was approved by Bob: with the proof that he gave for another. */
function approveByRows(attacker: Attacker): void {
  const { paid, pending } = scene.ids;
  const expires_at = Date.now() + TTL_MS;
  const digest = attacker.sql('SELECT call_commit FROM approval WHERE id = ?', pending)[0]?.call_commit;
  copyRow(attacker, 'decision', {
    where: `approval_id = '${paid}'`,
    set: { id: 'dec_forged', approval_id: pending },
  });
  copyRow(attacker, 'capability', {
    where: `approval_id = '${paid}'`,
    set: { id: 'cap_forged', approval_id: pending, state: 'issued', digest, expires_at },
  });
  attacker.sql(
    "UPDATE approval SET state = 'approved', decided_at = ?, decided_by = ?, expires_at = ? WHERE id = ?",
    Date.now(),
    `person:${scene.bob.id}`,
    expires_at,
    pending,
  );
}

/** Entries to the same effect: Bob's decision, its body changed by `change`, and what follows from it. */
function approveByEntries(
  attacker: Attacker,
  change: (body: JsonObject, asked: JsonObject) => JsonObject,
): void {
  const { paid, pending } = scene.ids;
  const asked = attacker.entry('approval.requested', pending);
  const decided = attacker.entry('approval.decided', paid);
  const ref = { ...decided.ref, approval: pending };
  attacker.append({ type: 'approval.decided', ref, body: change(decided.body, asked.body) });
  const row = attacker.sql("SELECT * FROM capability WHERE id = 'cap_forged'")[0];
  const { expires_at, aud, digest, holder } = row ?? {};
  const { subject = '' } = asked.ref;
  attacker.append({
    type: 'approval.approved',
    ref: { approval: pending, subject },
    body: { basis: 'decision', expires_at },
  });
  attacker.append({
    type: 'capability.issued',
    ref: { approval: pending, subject },
    body: {
      capability: 'cap_forged',
      holder,
      aud,
      action: digest,
      basis: 'decision',
      dpop: false,
      expires_at,
    },
  });
}

const claimed = (approval: string, body: JsonObject, asked: JsonObject): JsonObject => {
  const statement = JSON.parse(String(body.statement)) as JsonObject;
  const { instance, action, view, tool_def, policy } = asked as Record<string, string>;
  return { ...statement, approval, instance, action, view, tool_def, policy } as JsonObject;
};

/** It ends void, for this reason, and nothing reached the downstream. */
async function expectVoid(copy: Copy, running: Running, reason: RegExp): Promise<void> {
  const settled = await running.settled(scene.ids.pending);
  expect(settled.state).toBe('void');
  expect(settled.state_reason).toMatch(reason);
  expect(copy.received()).toEqual([]);
}

describe('who writes to the database makes a pending call look approved', () => {
  it('by rows alone: the ledger does not show it, so the call becomes void', async () => {
    const copy = scene.copy();
    tamper(copy, approveByRows);
    await expectVoid(copy, await copy.start(), /The ledger does not show .* it is not approved/);
  });

  it.each([
    {
      name: 'with the assertion that Bob gave for another call',
      change: (body: JsonObject) => body,
      reason: /\(approval\.decided\): the statement's approval is not that of the entry/,
    },
    {
      name: 'with his assertion under a statement that is put right',
      change: (body: JsonObject, asked: JsonObject) => ({
        ...body,
        statement: canonical(claimed(scene.ids.pending, body, asked)),
      }),
      reason: /\(approval\.decided\): the proof is refused: .*challenge/,
    },
    {
      name: 'with client data that names that statement, under his signature of the other',
      change: (body: JsonObject, asked: JsonObject) => {
        const statement = canonical(claimed(scene.ids.pending, body, asked));
        const proof = JSON.parse(String(body.proof)) as Record<string, string>;
        const data = JSON.parse(Buffer.from(proof.client_data_json ?? '', 'base64url').toString());
        const challenge = Buffer.from(statementChallenge(statement)).toString('base64url');
        const client_data_json = Buffer.from(JSON.stringify({ ...data, challenge })).toString('base64url');
        return { ...body, statement, proof: JSON.stringify({ ...proof, client_data_json }) };
      },
      reason: /\(approval\.decided\): the proof is refused: its signature is not by this passkey/,
    },
    {
      name: 'with no decision at all',
      change: undefined,
      reason: /\(approval\.approved\): 0 of the 1 distinct people/,
    },
  ])(
    'by rows and entries, $name: the proof does not hold, for the start and for an auditor',
    async (cell) => {
      const copy = scene.copy();
      tamper(copy, (attacker) => {
        approveByRows(attacker);
        approveByEntries(attacker, cell.change ?? ((body) => body));
        if (cell.change !== undefined) return;
        const kept = attacker
          .entries()
          .filter((one, at, all) => !(one.type === 'approval.decided' && at > all.length - 4));
        attacker.rewrite(kept.map((entry, seq) => canonical({ ...entry, seq } as unknown as JsonObject)));
      });
      const running = await copy.start();
      await expectVoid(copy, running, cell.reason);
      expect(await copy.refusal(await running.export())).toMatch(
        /\(approval\.(decided|approved)\) by rule [34]/,
      );
    },
  );

  it('by another call’s bytes under the eyes of the approver: the statement does not fit the request', async () => {
    const copy = scene.copy();
    const { paid, pending } = scene.ids;
    tamper(copy, (attacker) => {
      const columns = [
        'call_text',
        'call_salt',
        'call_commit',
        'call_digest',
        'view_text',
        'view_salt',
        'view_commit',
      ];
      const set = columns.map((name) => `${name} = (SELECT ${name} FROM approval WHERE id = ?)`).join(', ');
      attacker.sql(`UPDATE approval SET ${set} WHERE id = ?`, ...columns.map(() => paid), pending);
    });
    const running = await copy.start();
    expect((await running.approve(scene.bob, pending)).status).toBe(200);
    await expectVoid(copy, running, /the statement's action is not that of the entry/);
    expect(await copy.refusal(await running.export())).toMatch(
      /by rule 10: what is disclosed as its action is not what it commits to/,
    );
  });
});

describe('who writes to the database enrols themselves', () => {
  async function approveAs(approver: Approver, copy: Copy, reason: RegExp): Promise<Running> {
    const running = await copy.start();
    const answer = await running.approve(approver, scene.ids.pending);
    expect([answer.status, answer.body.state]).toEqual([200, 'approved']);
    await expectVoid(copy, running, reason);
    return running;
  }

  it('by a row, with a passkey of their own in the name of Bob: the ledger knows no such passkey', async () => {
    const copy = scene.copy();
    const stranger = await strangerKey();
    tamper(copy, (attacker) =>
      attacker.sql(
        'UPDATE passkey SET credential_id = ?, public_key = ?, counter = 0 WHERE person_id = ?',
        stranger.device.credentialId,
        stranger.publicKey,
        scene.bob.id,
      ),
    );
    const running = await approveAs(
      { ...scene.bob, device: stranger.device },
      copy,
      /the proof names no passkey of Bob/,
    );
    expect(await copy.refusal(await running.export())).toMatch(/\(approval\.decided\) by rule 3/);
  });

  it.each([
    { by: 'bootstrap', why: /the gateway invited somebody by itself after people were enrolled/ },
    { by: 'an act of Ada’s that she never signed', why: /it is not signed/ },
  ])('by rows and entries, invited by $by: the chain of invitations does not hold', async ({ by, why }) => {
    const copy = scene.copy();
    const stranger = await strangerKey();
    const secret = sha256Hex('a secret');
    const { credentialId } = stranger.device;
    tamper(copy, (attacker) => {
      const inviter = by === 'bootstrap' ? by : `person:${scene.ada.id}`;
      const rows = { name: 'Eve', groups: '[]' };
      copyRow(attacker, 'person', { where: `id = '${scene.bob.id}'`, set: { id: 'per_eve', ...rows } });
      copyRow(attacker, 'passkey', {
        where: `person_id = '${scene.bob.id}'`,
        set: {
          id: 'pk_eve',
          person_id: 'per_eve',
          credential_id: credentialId,
          public_key: stranger.publicKey,
          counter: 0,
        },
      });
      attacker.sql(
        'UPDATE web_session SET person_id = ?, passkey_id = ? WHERE person_id = ?',
        'per_eve',
        'pk_eve',
        scene.bob.id,
      );
      const identity = { name: 'Eve', groups: [] };
      attacker.append({
        type: 'approver.invited',
        ref: { principal: inviter },
        body: { ...identity, invite: 'inv_eve', token: sha256Hex(secret), expires_at: Date.now() + TTL_MS },
      });
      const enrolled = attacker.entry('approver.enrolled');
      const passkey = enrolled.body.passkey as JsonObject;
      attacker.append({
        type: 'approver.enrolled',
        ref: { ...enrolled.ref, principal: 'person:per_eve' },
        body: {
          ...identity,
          person: 'per_eve',
          invite: 'inv_eve',
          invite_proof: secret,
          invited_by: inviter,
          passkey: { ...passkey, id: 'pk_eve', credential_id: credentialId, public_key: stranger.publicKey },
        },
      });
    });
    const eve = { ...scene.bob, id: 'per_eve', device: stranger.device };
    const running = await approveAs(eve, copy, why);
    expect(await copy.refusal(await running.export())).toMatch(/\(approver\.invited\) by rule 2/);
  });
});
