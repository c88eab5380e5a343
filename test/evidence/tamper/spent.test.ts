import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacker, tamper } from './attacker.ts';
import { playScene, type Scene } from './scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await playScene();
});
afterAll(() => scene.close());

const HOUR_MS = 3_600_000;

/** Makes rows of a spent approval look as they did before it was spent. */
function reviveRows(attacker: Attacker, id: string): void {
  const expiresAt = Date.now() + HOUR_MS;
  attacker.sql(
    `UPDATE approval SET state = 'approved', attempt = 0, lease_owner = NULL, lease_until = NULL, result_kind = NULL,
     result_text = NULL, result_salt = NULL, outcome_at = NULL, state_reason = NULL, expires_at = ? WHERE id = ?`,
    expiresAt,
    id,
  );
  attacker.sql(
    "UPDATE capability SET state = 'issued', exchanged_at = NULL, jti = NULL, expires_at = ? WHERE approval_id = ?",
    expiresAt,
    id,
  );
}

describe('who writes to the database lets a spent capability live again', () => {
  it('of a call: the ledger says that it was carried out, so it becomes void and is not sent', async () => {
    const copy = scene.copy();
    tamper(copy, (attacker) => reviveRows(attacker, scene.ids.paid));
    const running = await copy.start();
    const settled = await running.settled(scene.ids.paid);
    expect([settled.state, settled.state_reason]).toEqual(['void', expect.stringContaining('it has ended')]);
    expect(copy.received()).toEqual([]);
  });

  it('of an action whose outcome nobody knows: there is no second token', async () => {
    const copy = scene.copy();
    const running = await copy.start();
    tamper(copy, (attacker) => reviveRows(attacker, scene.ids.taken));
    const { status, body } = await running.exchange(scene.requesterKey, scene.ids.taken);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error_description).toContain('was carried out once already');
    expect(body.access_token).toBeUndefined();
  });

  it('and only a right that is really unspent, untouched, is exchanged', async () => {
    const running = await scene.copy().start();
    const { status, body } = await running.exchange(scene.requesterKey, scene.ids.ready);
    expect([status, body]).toMatchObject([200, { token_type: 'Bearer' }]);
  });
});

describe('who writes to the database changes the terms of an approved action', () => {
  it.each([
    { name: 'its end', sql: 'UPDATE capability SET expires_at = expires_at + 60000 WHERE approval_id = ?' },
    { name: 'its subject', sql: "UPDATE approval SET subject = 'mallory' WHERE id = ?" },
    {
      name: 'its need of a proof of a key',
      sql: 'UPDATE capability SET dpop = 1 - dpop WHERE approval_id = ?',
    },
    { name: 'its call', sql: "UPDATE capability SET digest = 'ff' WHERE approval_id = ?" },
  ])('$name: no token is made', async ({ sql }) => {
    const copy = scene.copy();
    tamper(copy, (attacker) => attacker.sql(sql, scene.ids.ready));
    const running = await copy.start();
    const { status, body } = await running.exchange(scene.requesterKey, scene.ids.ready);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.access_token).toBeUndefined();
    expect(JSON.stringify(body)).toMatch(/not the one that the ledger says|DPoP/);
  });

  it('its holder: whoever put themselves in their place gets no token', async () => {
    const copy = scene.copy();
    const running = await copy.start();
    const made = await running.api('POST', '/v1/keys', { name: 'mallory', roles: ['requester'] });
    const holder = `api_key:${made.body.id}`;
    tamper(copy, (attacker) => {
      attacker.sql('UPDATE approval SET requester = ? WHERE id = ?', holder, scene.ids.ready);
      attacker.sql('UPDATE capability SET holder = ? WHERE approval_id = ?', holder, scene.ids.ready);
    });
    const { status, body } = await running.exchange(made.body.key, scene.ids.ready);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error_description).toContain('not the one that the ledger says was released');
  });
});

describe('who writes to the database swaps sidecars', () => {
  function twoPayloads(attacker: Attacker) {
    const [one, two] = attacker.sql(
      'SELECT id, commitment, salt, ciphertext FROM payload WHERE id IN (SELECT call FROM ledger) ORDER BY created_at',
    );
    if (one === undefined || two === undefined) throw new Error('too few payloads');
    return { one, two };
  }

  it('by their ciphertexts: neither opens, and nothing is shown in the place of the other', async () => {
    const copy = scene.copy();
    const before = await copy.export();
    const { one, two } = tamper(copy, (attacker) => {
      const found = twoPayloads(attacker);
      for (const [to, from] of [
        [found.one, found.two],
        [found.two, found.one],
      ])
        attacker.sql('UPDATE payload SET ciphertext = ? WHERE id = ?', from?.ciphertext, to?.id);
      return found;
    });
    const after = await copy.export();
    const disclosed = (text: string, id: string): boolean => text.includes(`{"payload":{"id":"${id}"`);
    for (const { id } of [one, two])
      expect([disclosed(before, id), disclosed(after, id)]).toEqual([true, false]);
    expect(await copy.refusal(after)).toBe('');
  });

  it('as whole rows, which do open: what they hold is not what the entry commits to', async () => {
    const copy = scene.copy();
    tamper(copy, (attacker) => {
      const { one, two } = twoPayloads(attacker);
      for (const [to, from] of [
        [one, two],
        [two, one],
      ])
        attacker.sql(
          'UPDATE payload SET commitment = ?, salt = ?, ciphertext = ? WHERE id = ?',
          from?.commitment,
          from?.salt,
          from?.ciphertext,
          to?.id,
        );
    });
    expect(await copy.refusal(await copy.export())).toMatch(
      /\(call\.intent\) by rule 10: what is disclosed as its arguments is not what it commits to/,
    );
  });

  it('of a result: what the agent would be told is not what the entry commits to', async () => {
    const copy = scene.copy();
    tamper(copy, (attacker) =>
      attacker.sql('UPDATE approval SET result_text = \'{"content":[]}\' WHERE id = ?', scene.ids.paid),
    );
    expect(await copy.refusal(await copy.export())).toMatch(/\(approval\.outcome\) by rule 10/);
  });
});
